import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { pageSizeBytes } from './units.ts';

/**
 * Checks of values from the wire, each with a description of what is expected. Received values are abbreviated in
 * messages, as they may be of any size and depth.
 */

const textShown = 60;
/** Maximum problems reported for one argument. */
const problemsShown = 20;

const cut = (text: string): string => (text.length > textShown ? `${text.slice(0, textShown)}…` : text);

/** Abbreviated: the value may be of any size and depth. */
const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return 'an object';
};

export const error =
  (expected: string) =>
  ({ input }: { input?: unknown }): string =>
    `expected ${expected}, got ${shown(input)}`;

export const field = <T>(expected: string, holds: (value: unknown) => boolean): z.ZodType<T> =>
  z.custom<T>(holds, { error: error(expected) });

export const isWithin = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

export const number = (least: number, most: number) =>
  field<number>(`a number from ${least} to ${most}`, (value) => isWithin(value, least, most));
export const integer = (least: number, most: number) =>
  field<number>(
    `a whole number from ${least} to ${most}`,
    (value) => isWithin(value, least, most) && Number.isInteger(value),
  );
export const wholePages = (least: number, most: number) =>
  field<number>(
    `bytes from ${least} to ${most}, a multiple of ${pageSizeBytes}`,
    (value) => isWithin(value, least, most) && value % pageSizeBytes === 0,
  );
export const flag = () => field<boolean>('true or false', (value) => typeof value === 'boolean');
export const oneOf = <T extends string>(names: readonly T[]) =>
  field<T>(`one of ${names.join(', ')}`, (value) => names.includes(value as T));
export const text = (expected: string, least: number, most: number) =>
  field<string>(
    `${expected} of ${least} to ${most} characters`,
    (value) => typeof value === 'string' && value.length >= least && value.length <= most,
  );
const portMax = 65_535;
export const isAddress = (value: unknown): boolean => typeof value === 'string' && isIPv4(value);
export const address = () => field<string>('an IPv4 address', isAddress);
/** `10.0.0.1:7004` */
export const isSocketAddress = (value: unknown): boolean => {
  const [host, its, ...others] = typeof value === 'string' ? value.split(':') : [];
  return (
    isAddress(host) &&
    /^[1-9]\d{0,4}$/.test(its ?? '') &&
    isWithin(Number(its), 1, portMax) &&
    others.length === 0
  );
};
export const port = () => integer(1, portMax);

export const record = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown ${issue.keys.slice(0, 3).map(shown).join(', ')}; known: ${cut(Object.keys(shape).join(', ')) || 'none'}`
        : error('an object')(issue),
  });

/** Absent on the wire, null here. */
export const orNull = <T>(schema: z.ZodType<T>): z.ZodType<T | null> =>
  schema.nullish().transform((value) => value ?? null);

export const listOf = <T>(each: z.ZodType<T>, most: number): z.ZodType<T[]> =>
  z
    .array(each, { error: error(`a list of up to ${most}`) })
    .max(most, { error: error(`a list of up to ${most}`) });

export const mapOf = <T>(each: z.ZodType<T>, most: number): z.ZodType<Record<string, T>> =>
  z
    .record(z.string(), each, { error: error('a map') })
    .refine((map) => Object.keys(map).length <= most, { error: `expected a map of up to ${most} names` });

/** One line per problem, for the first few. */
export const problemsOf = ({ issues }: z.ZodError): string[] => {
  const all = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  return all.length > problemsShown
    ? [...all.slice(0, problemsShown), `and ${all.length - problemsShown} more`]
    : all;
};
