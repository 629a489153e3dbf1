/** Figures in sentences. */

/** Enough digits to judge by: three significant ones, four for what is near 1 from below (R², shares). */
export const figure = (value: number): string => {
  const digits = value > 0.9 && value < 1 ? 4 : 3;
  return String(Number(value.toPrecision(digits)));
};

/** Figures that belong together with the same decimals: as many as the largest needs, at most four. */
export const aligned = (...values: readonly number[]): string[] => {
  const largest = Math.max(...values.map((value) => Math.abs(value)));
  const nearOne = values.some((value) => value > 0.9 && value < 1);
  const needed = nearOne ? 4 : largest === 0 ? 0 : 2 - Math.floor(Math.log10(largest));
  const decimals = Math.min(4, Math.max(0, needed));
  return values.map((value) => (Math.round(value * 10 ** decimals) === 0 ? '0' : value.toFixed(decimals)));
};

/** `1.94 … 2.03`, or the one figure where they are all the same. */
export const range = (values: readonly number[]): string =>
  [...new Set([Math.min(...values), Math.max(...values)].map(figure))].join(' … ');

export const seconds = (ms: number): string => `${figure(ms / 1000)} s`;

export const percent = (share: number): string => `${figure(share * 100)} %`;

/** What a set-up's words end with, where another one has other settings. */
export const variantText = (variant: string): string => (variant === '' ? '' : `, ${variant}`);

/** `1/16`, `1`, `0.3` */
export const scaleText = (guestScale: number): string =>
  guestScale < 1 && Number.isInteger(1 / guestScale) ? `1/${1 / guestScale}` : String(guestScale);
