/** Figures in sentences. */

/** Enough digits to judge by: three significant ones, four for what is near 1 from below (R², shares). */
export const figure = (value: number): string => {
  const digits = value > 0.9 && value < 1 ? 4 : 3;
  return String(Number(value.toPrecision(digits)));
};

export const seconds = (ms: number): string => `${figure(ms / 1000)} s`;

/** `12.3 MB`, `1.20 GB`, decimal. */
export const decimalBytes = (bytes: number): string =>
  bytes >= 1e9 ? `${figure(bytes / 1e9)} GB` : `${figure(bytes / 1e6)} MB`;

export const percent = (share: number): string => `${figure(share * 100)} %`;

/** `1/16`, `1`, `0.3` */
export const scaleText = (guestScale: number): string =>
  guestScale < 1 && Number.isInteger(1 / guestScale) ? `1/${1 / guestScale}` : String(guestScale);
