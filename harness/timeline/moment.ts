import type { MigrationStatus } from '#proto/strategy';
import { finalStatuses, migrationStatuses } from '#proto/strategy';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';

/** When an entry of a timeline is due: so long after the migration began, or after something happened in it. Pure. */

export type Occasion =
  | { kind: 'start' }
  /** Round 1 begins as the migration becomes active, every other one as the round of pre-copy before it ends. */
  | { kind: 'round'; round: number }
  /** The first time that the migration has this status. */
  | { kind: 'status'; status: MigrationStatus };

export interface Moment {
  occasion: Occasion;
  /** After the occasion, in ms. */
  plusMs: number;
}

/** A day, as long as any migration may take. */
export const momentMaxMs = 24 * 3_600_000;
/** As many as `limits.maxRounds` may allow. */
const roundMax = 10_000;

/** A migration can't be waited for to be over: then it is too late for anything. */
const awaitableStatuses = migrationStatuses.filter(
  (status) => status !== 'none' && !finalStatuses.includes(status),
);
/** Short for the statuses of QEMU that people type. */
const shortNames = { postcopy: 'postcopy-active' } as const satisfies Record<string, MigrationStatus>;
const occasionNames = ['round:N', ...Object.keys(shortNames), ...awaitableStatuses];

const units = { ms: 1, s: 1000, min: 60_000 } as const;
const duration = String.raw`(\d+(?:\.\d+)?)\s*(ms|s|min)?`;
const durationForm = new RegExp(`^${duration}$`);
const occasionForm = new RegExp(String.raw`^([a-z]+(?:-[a-z]+)*)(?::(\w+))?(?:\s*\+\s*${duration})?$`, 'i');

const msOf = (amount: string, unit = 'ms'): number => Number(amount) * units[unit as keyof typeof units];

const expected = `a time like 800ms or 1.5s, ${['round:2', 'postcopy', 'device'].join(', ')} or another status, each with or without +200ms`;

type Read<T> = { value: T } | { problem: string };

const within = (moment: Moment): Read<Moment> =>
  moment.plusMs <= momentMaxMs
    ? { value: moment }
    : { problem: `expected at most ${momentMaxMs} ms (a day), got ${moment.plusMs}` };

const occasionOf = (name: string, number: string | undefined): Read<Occasion> => {
  if (name === 'round') {
    const round = Number(number);
    return Number.isInteger(round) && round >= 1 && round <= roundMax
      ? { value: { kind: 'round', round } }
      : { problem: `expected round:N with N from 1 to ${roundMax}, got ${shown(number)}` };
  }
  const full = Object.hasOwn(shortNames, name) ? shortNames[name as keyof typeof shortNames] : name;
  const status = awaitableStatuses.find((each) => each === full);
  if (status === undefined || number !== undefined) return { problem: unknownName('moment', name, occasionNames) }; // prettier-ignore
  return { value: { kind: 'status', status } };
};

/** A moment as people write it; a plain number is ms. */
export const readMoment = (value: unknown): Read<Moment> => {
  if (typeof value === 'number' && value >= 0) return within({ occasion: { kind: 'start' }, plusMs: value });
  const text = typeof value === 'string' ? value.trim() : '';
  const [, amount, unit] = durationForm.exec(text) ?? [];
  if (amount !== undefined) return within({ occasion: { kind: 'start' }, plusMs: msOf(amount, unit) });
  const [, name, number, plus, plusUnit] = occasionForm.exec(text) ?? [];
  if (name === undefined) return { problem: `expected ${expected}, got ${shown(value)}` };
  const occasion = occasionOf(name.toLowerCase(), number);
  if ('problem' in occasion) return occasion;
  return within({ occasion: occasion.value, plusMs: plus === undefined ? 0 : msOf(plus, plusUnit) });
};

/** What it waits for, in words for people: `round 9`, `status device`. */
export const occasionText = (occasion: Occasion): string =>
  occasion.kind === 'start'
    ? 'the start'
    : occasion.kind === 'round'
      ? `round ${occasion.round}`
      : `status ${occasion.status}`;

/** As it is kept: the same text for the same moment. */
export const momentText = ({ occasion, plusMs }: Moment): string => {
  if (occasion.kind === 'start') return `${plusMs}ms`;
  const name = occasion.kind === 'round' ? `round:${occasion.round}` : occasion.status;
  return plusMs === 0 ? name : `${name}+${plusMs}ms`;
};

/** For editors. */
export const momentJson = {
  anyOf: [
    { type: 'number', minimum: 0, maximum: momentMaxMs },
    {
      type: 'string',
      examples: ['800ms', '1.5s', 'round:2', 'postcopy+200ms', ...awaitableStatuses],
    },
  ],
} as const;
