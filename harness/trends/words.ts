/** Figures in sentences. */

import { isSimulated } from '../testbed/testbed.ts';

/** Enough digits to judge by: three significant ones, four for what is near 1 from below (R², shares). NaN: none. */
export const figure = (value: number): string => {
  if (Number.isNaN(value)) return 'not measured';
  const digits = value > 0.9 && value < 1 ? 4 : 3;
  return String(Number(value.toPrecision(digits)));
};

/** Related figures with the same number of decimals: as many as the largest needs, at most four. */
export const aligned = (...values: readonly number[]): string[] => {
  const largest = Math.max(...values.map((value) => Math.abs(value)));
  const nearOne = values.some((value) => value > 0.9 && value < 1);
  const needed = nearOne ? 4 : largest === 0 ? 0 : 2 - Math.floor(Math.log10(largest));
  const decimals = Math.min(4, Math.max(0, needed));
  return values.map((value) => (Math.round(value * 10 ** decimals) === 0 ? '0' : value.toFixed(decimals)));
};

/** `1.94 … 2.03`, or a single figure if they are all the same. */
export const range = (values: readonly number[]): string =>
  [...new Set([Math.min(...values), Math.max(...values)].map(figure))].join(' … ');

const withUnit = (value: number, unit: string): string =>
  Number.isNaN(value) ? figure(value) : `${figure(value)} ${unit}`;

export const seconds = (ms: number): string => withUnit(ms / 1000, 's');

export const percent = (share: number): string => withUnit(share * 100, '%');

/** The suffix of a set-up's text, if another one has other settings. */
export const variantText = (variant: string): string => (variant === '' ? '' : `, ${variant}`);

/** `netns`; `sim (simulated)` */
export const driverText = (driver: string): string =>
  isSimulated(driver) ? `${driver} (simulated)` : driver;

/** What a title begins with that names a set-up. */
export const madeWith = (drivers: readonly string[]): string =>
  drivers.some(isSimulated) ? 'Simulated with' : 'Measured with';

/** `1/16`, `1`, `0.3` */
export const scaleText = (guestScale: number): string =>
  guestScale < 1 && Number.isInteger(1 / guestScale) ? `1/${1 / guestScale}` : String(guestScale);
