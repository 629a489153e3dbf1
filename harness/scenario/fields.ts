import { z } from 'zod';
import { dirtyRateMaxPagesPerSecond, diskBlockMaxBytes, diskRateMaxSectorsPerSecond, isBlockSize, sectorBytes } from '#proto/guest'; // prettier-ignore
import { pageSizeBytes } from '#proto/units';
import type { Parameter, ParameterValue } from '#catalogue/parameter';
import { expectedOf, holds } from '#catalogue/parameter';
import { strategyNames } from '#catalogue/strategies';
import { isStrategyFile } from '#proto/strategy';
import { formatBytes, parseBytes } from '../format.ts';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';

type Read<T> = { value: T } | { problem: string };

/** JSON Schema of a field, for editors. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * An absent field stays undefined; a present one is parsed by `read`, which returns a problem or a value.
 */
export const field = <T>(read: (value: unknown) => Read<T>, json: Json) =>
  z
    .unknown()
    .meta({ ...json })
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

/** A whole number, or its text from the command line. */
export const integer = (min: number, max: number) =>
  field<number>(
    (value) => {
      const number = numberOf(value);
      return Number.isInteger(number) && number >= min && number <= max
        ? { value: number }
        : { problem: `expected a whole number from ${min} to ${max}, got ${shown(value)}` };
    },
    { type: 'integer', minimum: min, maximum: max },
  );

/** A number, or its text from the command line. */
export const decimal = (min: number, max: number) =>
  field<number>(
    (value) => {
      const number = numberOf(value);
      return number >= min && number <= max
        ? { value: number }
        : { problem: `expected a number from ${min} to ${max}, got ${shown(value)}` };
    },
    { type: 'number', minimum: min, maximum: max },
  );

const jsonOf = (parameter: Parameter): Json => {
  const { help, default: value } = parameter;
  if (parameter.kind === 'choice')
    return { enum: [...parameter.among.keys()], default: value, description: help };
  const { kind, unit, least, most, isAboveLeast } = parameter;
  const lower = isAboveLeast === true ? { exclusiveMinimum: least } : { minimum: least };
  return { type: kind, ...lower, maximum: most, default: value, description: `${help}; in ${unit}` };
};

/** A parameter of the catalogue; a number may also be text from the command line. */
export const parameter = (declared: Parameter) =>
  field<ParameterValue>((given) => {
    if (declared.kind === 'choice') return nameOf(declared.what, [...declared.among.keys()])(given);
    const value = numberOf(given);
    return holds(declared, value)
      ? { value }
      : { problem: `expected ${expectedOf(declared)}, got ${shown(given)}` };
  }, jsonOf(declared));

/** A boolean, or its text from the command line. */
export const flag = () =>
  field<boolean>(
    (value) =>
      value === true || value === 'true' || value === 'on'
        ? { value: true }
        : value === false || value === 'false' || value === 'off'
          ? { value: false }
          : { problem: `expected true or false, got ${shown(value)}` },
    { type: 'boolean' },
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
  field<number>((value) => readBytes(value, min, max, unit, '256MiB or 1GiB'), sizeJson(min, max));

const sizeJson = (min: number, max: number): Json => ({
  anyOf: [
    { type: 'integer', minimum: min, maximum: max },
    { type: 'string', pattern: '^\\s*[0-9.]+\\s*([KMG]iB|B)?\\s*$' },
  ],
});

/** The size of a disk's blocks. */
export const blockSize = () =>
  field<number>(
    (value) => {
      const read = readBytes(value, sectorBytes, diskBlockMaxBytes, { wholePages: true }, '64KiB');
      return 'value' in read && !isBlockSize(read.value)
        ? { problem: `expected a power of two, got ${shown(value)}` }
        : read;
    },
    sizeJson(sectorBytes, diskBlockMaxBytes),
  );

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
  field<number | ShareOfRam>(
    (value) => {
      const percent = percentOf(value);
      if (percent === undefined)
        return readBytes(value, min, max, unit, "256MiB or 75% (of the guest's RAM)");
      return percent <= 100
        ? { value: { share: percent / 100 } }
        : { problem: `expected at most 100% of the guest's RAM, got ${shown(value)}` };
    },
    { anyOf: [{ type: 'integer', minimum: min, maximum: max }, { type: 'string' }] },
  );

const nameOf =
  <T extends string>(kind: string, known: readonly T[]) =>
  (value: unknown): Read<T> => {
    if (typeof value !== 'string') return { problem: `expected the name of a ${kind}, got ${shown(value)}` };
    const match = known.find((name) => name === value);
    return match === undefined ? { problem: unknownName(kind, value, known) } : { value: match };
  };

/** One of the `known` names; otherwise the problem suggests the nearest. */
export const oneOf = <T extends string>(kind: string, known: readonly T[]) =>
  field<T>(nameOf(kind, known), { enum: [...known] });

/** One or more of the `known` names, each once: a list, or text like `one+other`. */
export const namesOf = <T extends string>(kind: string, known: readonly T[]) =>
  field<T[]>(
    (value) => {
      const listed: unknown[] =
        typeof value === 'string' ? value.split('+') : Array.isArray(value) ? value : [];
      const read = listed.map(nameOf(kind, known));
      const problem = read.find((each) => 'problem' in each);
      if (problem !== undefined) return problem;
      const names = read.flatMap((each) => ('value' in each ? [each.value] : []));
      return names.length > 0 && new Set(names).size === names.length
        ? { value: names }
        : { problem: `expected one or more of ${known.join(', ')}, each once, got ${shown(value)}` };
    },
    { anyOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: { enum: [...known] } }] },
  );

/** For editors: offers the names. */
const namesOrFile = (known: readonly string[]): Json => ({
  anyOf: [{ enum: [...known] }, { type: 'string' }],
});

/**
 * The name of a profile in netem-profiles/, or the path of a file, which is validated when it is read.
 */
export const linkName = (known: readonly string[]) =>
  field<string>((value) => {
    if (typeof value !== 'string') return { problem: `expected the name of a link, got ${shown(value)}` };
    const isKnown = known.includes(value) || isLinkFile(value);
    return isKnown ? { value } : { problem: unknownName('link', value, known) };
  }, namesOrFile(known));

/** A strategy's name, or the path of a file that exports one. */
export const strategy = () => {
  const named = nameOf('strategy', strategyNames);
  return field<string>(
    (value) => (typeof value === 'string' && isStrategyFile(value) ? { value } : named(value)),
    namesOrFile(strategyNames),
  );
};

export const isLinkFile = (link: string): boolean => /\/|\.ya?ml$/.test(link);

/** A free-form name, of the user or of the kernel. */
export const word = (expected: string) =>
  field<string>(
    (value) =>
      typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)
        ? { value }
        : { problem: `expected ${expected} (letters, digits, . _ -), got ${shown(value)}` },
    { type: 'string', pattern: '^[\\w.-]{1,64}$' },
  );

/** Page writes per second in a scenario; `auto` is resolved once the region is known. */
export type DirtyRate = number | 'auto';

/** `auto`, `flat-out` (0), pages a second, or bytes a second like `160MiB/s`. */
export const dirtyRate = () =>
  field<DirtyRate>(
    (value) => {
      if (value === 'auto') return { value };
      if (value === 'flat-out') return { value: 0 };
      const perSecond =
        typeof value === 'string' && value.endsWith('/s') ? parseBytes(value.slice(0, -2)) : undefined;
      const pages = perSecond === undefined ? numberOf(value) : Math.round(perSecond / pageSizeBytes);
      return Number.isInteger(pages) && pages >= 1 && pages <= dirtyRateMaxPagesPerSecond
        ? { value: pages }
        : {
            problem: `expected auto, flat-out, pages per second like 40000, or a rate like 160MiB/s, got ${shown(value)}`,
          };
    },
    {
      anyOf: [{ type: 'integer', minimum: 1, maximum: dirtyRateMaxPagesPerSecond }, { type: 'string' }],
      default: 'auto',
    },
  );

/** Sectors a second, 0 = none, or bytes a second like `16MiB/s`. */
export const sectorRate = () =>
  field<number>(
    (value) => {
      const perSecond =
        typeof value === 'string' && value.endsWith('/s') ? parseBytes(value.slice(0, -2)) : undefined;
      const sectors = perSecond === undefined ? numberOf(value) : Math.round(perSecond / sectorBytes);
      return Number.isInteger(sectors) && sectors >= 0 && sectors <= diskRateMaxSectorsPerSecond
        ? { value: sectors }
        : {
            problem:
              `expected sectors per second from 0 to ${diskRateMaxSectorsPerSecond}, or a rate like 16MiB/s, ` +
              `got ${shown(value)}`,
          };
    },
    {
      anyOf: [{ type: 'integer', minimum: 0, maximum: diskRateMaxSectorsPerSecond }, { type: 'string' }],
      default: 0,
    },
  );
