import { z } from 'zod';
import { pageSizeBytes } from '../../proto/units.ts';
import type { StrategyFile, StrategyName } from '../../proto/strategy.ts';
import { isStrategyFile, strategyNames } from '../../proto/strategy.ts';
import { formatBytes, parseBytes } from '../format.ts';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';

type Read<T> = { value: T } | { problem: string };

/** A field that is left out stays undefined; one that is there is read by `read`, which returns a problem or a value. */
export const field = <T>(read: (value: unknown) => Read<T>) =>
  z
    .unknown()
    .transform((value, context): T | undefined => {
      if (value === undefined) return undefined;
      const result = read(value);
      if ('value' in result) return result.value;
      context.addIssue({ code: 'custom', message: result.problem });
      return z.NEVER;
    })
    .optional();

const numberOf = (value: unknown): number =>
  typeof value === 'number'
    ? value
    : typeof value === 'string' && value.trim() !== ''
      ? Number(value)
      : Number.NaN;

/** A whole number, also as the text that a command line gives. */
export const integer = (min: number, max: number) =>
  field<number>((value) => {
    const number = numberOf(value);
    return Number.isInteger(number) && number >= min && number <= max
      ? { value: number }
      : { problem: `expected a whole number from ${min} to ${max}, got ${shown(value)}` };
  });

/** A number in (0, 1]. */
export const fraction = () =>
  field<number>((value) => {
    const number = numberOf(value);
    return number > 0 && number <= 1
      ? { value: number }
      : { problem: `expected a number above 0 and up to 1, got ${shown(value)}` };
  });

/** A boolean, also as the text that a command line gives. */
export const flag = () =>
  field<boolean>((value) =>
    value === true || value === 'true'
      ? { value: true }
      : value === false || value === 'false'
        ? { value: false }
        : { problem: `expected true or false, got ${shown(value)}` },
  );

const readBytes = (
  value: unknown,
  min: number,
  max: number,
  unit: { wholePages: boolean },
  example: string,
): Read<number> => {
  const size = typeof value === 'number' ? value : typeof value === 'string' ? parseBytes(value) : undefined;
  const range = `from ${formatBytes(min)} to ${formatBytes(max)}`;
  if (size === undefined || !Number.isInteger(size))
    return { problem: `expected a size like ${example}, ${range}, got ${shown(value)}` };
  if (size < min || size > max) return { problem: `expected a size ${range}, got ${shown(value)}` };
  if (unit.wholePages && size % pageSizeBytes !== 0)
    return { problem: `expected a multiple of the page size (${pageSizeBytes} bytes), got ${shown(value)}` };
  return { value: size };
};

/** Bytes: a plain number or a size like `256MiB`. */
export const bytes = (min: number, max: number, unit: { wholePages: boolean }) =>
  field<number>((value) => readBytes(value, min, max, unit, '256MiB or 1GiB'));

/** A part of the guest's RAM, from 0 to 1. */
export interface ShareOfRam {
  share: number;
}

const percentOf = (value: unknown): number | undefined => {
  const text = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value)?.[1] : undefined;
  return text === undefined ? undefined : Number(text);
};

/** Bytes, or a share of the guest's RAM like `75%`. */
export const bytesOrShare = (min: number, max: number, unit: { wholePages: boolean }) =>
  field<number | ShareOfRam>((value) => {
    const percent = percentOf(value);
    if (percent === undefined) return readBytes(value, min, max, unit, "256MiB or 75% (of the guest's RAM)");
    return percent <= 100
      ? { value: { share: percent / 100 } }
      : { problem: `expected at most 100% of the guest's RAM, got ${shown(value)}` };
  });

const nameOf =
  <T extends string>(kind: string, known: readonly T[]) =>
  (value: unknown): Read<T> => {
    if (typeof value !== 'string') return { problem: `expected the name of a ${kind}, got ${shown(value)}` };
    const match = known.find((name) => name === value);
    return match === undefined ? { problem: unknownName(kind, value, known) } : { value: match };
  };

/** One of the `known` names; anything else is told the nearest. */
export const oneOf = <T extends string>(kind: string, known: readonly T[]) => field<T>(nameOf(kind, known));

/** A profile in netem-profiles/ by name, or a file of one's own by its path; whether that is any good, its reader says. */
export const linkName = (known: readonly string[]) =>
  field<string>((value) => {
    if (typeof value !== 'string') return { problem: `expected the name of a link, got ${shown(value)}` };
    const isKnown = known.includes(value) || isLinkFile(value);
    return isKnown ? { value } : { problem: unknownName('link', value, known) };
  });

/** A strategy's name, or the path of a file that exports one. */
export const strategy = () => {
  const named = nameOf('strategy', strategyNames);
  return field<StrategyName | StrategyFile>((value) =>
    typeof value === 'string' && isStrategyFile(value) ? { value } : named(value),
  );
};

export const isLinkFile = (link: string): boolean => /\/|\.ya?ml$/.test(link);

/** A name of the user's or the kernel's own. */
export const word = (expected: string) =>
  field<string>((value) =>
    typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)
      ? { value }
      : { problem: `expected ${expected} (letters, digits, . _ -), got ${shown(value)}` },
  );

/** Page writes a second as a scenario gives them; `auto` is resolved once the region is known. */
export type DirtyRate = number | 'auto';
const maxDirtyRate = 1e9;

/** `auto`, `flat-out` (0), pages a second, or bytes a second like `160MiB/s`. */
export const dirtyRate = () =>
  field<DirtyRate>((value) => {
    if (value === 'auto') return { value };
    if (value === 'flat-out') return { value: 0 };
    const perSecond =
      typeof value === 'string' && value.endsWith('/s') ? parseBytes(value.slice(0, -2)) : undefined;
    const pages = perSecond === undefined ? numberOf(value) : Math.round(perSecond / pageSizeBytes);
    return Number.isInteger(pages) && pages >= 1 && pages <= maxDirtyRate
      ? { value: pages }
      : {
          problem: `expected auto, flat-out, pages per second like 40000, or a rate like 160MiB/s, got ${shown(value)}`,
        };
  });
