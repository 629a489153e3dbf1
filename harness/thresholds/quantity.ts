import { parseBytes } from '../format.ts';
import type { Unit } from '../measure/figures.ts';

/** A quantity as people write it, in the unit of a figure: `300`, `1.5s`, `2 GiB`, `9.4 Gb/s`, `50%`. */

/** What a unit is worth, in the figure's own. */
type Factors = Readonly<Record<string, number>>;

/** In ms. */
const times: Factors = { us: 1e-3, µs: 1e-3, ms: 1, s: 1000, min: 60_000 };
const timesIn = (ms: number): Factors =>
  Object.fromEntries(Object.entries(times).map(([name, each]) => [name, each / ms]));

const factors: Readonly<Record<Exclude<Unit, 'bytes'>, Factors>> = {
  ms: timesIn(1),
  µs: timesIn(1e-3),
  s: timesIn(1000),
  'Mb/s': { 'kb/s': 1e-3, 'mb/s': 1, 'gb/s': 1000 },
  count: {},
  share: { '%': 0.01 },
};

/** What is expected of a quantity in this unit, for messages. */
export const expectedQuantity: Readonly<Record<Unit, string>> = {
  ms: 'a time like 300 (ms), 1.5s or 2min',
  µs: 'a time like 300 (µs), 5ms or 1s',
  s: 'a time like 3 (s), 500ms or 2min',
  bytes: 'a size like 2GiB, 512MiB or 4096 (bytes)',
  'Mb/s': 'a rate like 940 (Mb/s) or 9.4Gb/s',
  count: 'a number like 3',
  share: 'a share like 0.5 or 50%',
};

/** @returns undefined where `text` is no such quantity. */
export const parseQuantity = (unit: Unit, text: string): number | undefined => {
  if (unit === 'bytes') return parseBytes(text);
  const [, number, suffix = ''] = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(\D*)$/i.exec(text.trim()) ?? [];
  const factor = suffix.trim() === '' ? 1 : factors[unit][suffix.trim().toLowerCase()];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
};
