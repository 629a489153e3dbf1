import { createHash } from 'node:crypto';
import { figures, valueAt } from '../measure/figures.ts';
import type { RunResult } from '../result.ts';
import { settingKey } from '../setting.ts';
import type { Entry } from './flatten.ts';
import { flatten } from './flatten.ts';
import type { Row } from './table.ts';

/** An object that a run may not have brings no columns at all: other rows say which there are. */
const flattenIfThere = (prefix: string, value: object | null): Entry[] =>
  value === null ? [] : flatten(prefix, value);

const without = <T extends object, K extends keyof T>(value: T | null, ...keys: K[]): Omit<T, K> | null => {
  if (value === null) return null;
  const copy = { ...value };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
};

/** Short enough to read, long enough that no two settings share one. */
const digestDigits = 16;

/** The same for runs that were set the same: what a reader groups by. */
const settingDigest = (run: RunResult): string =>
  createHash('sha256').update(settingKey(run)).digest('hex').slice(0, digestDigits);

/** Which run a row is of, and which setting: in every table the same columns, to join and to group by. */
export const identityOf = (run: RunResult): Row => [
  [
    ['runId', run.runId],
    ['setting', settingDigest(run)],
  ],
  ...cellOf(run),
];

const cellOf = ({ sweep }: RunResult): Row => [
  flattenIfThere('sweep', without(sweep, 'cell')),
  flattenIfThere('cell', sweep?.cell ?? null),
];

const outcomeOf = (run: RunResult): Entry[] => [
  ['state', run.state],
  ['startedAt', run.startedAt],
  ['durationMs', run.durationMs],
  ['driver', run.driver],
  ['backend', run.link.backend],
  ['strategy', run.strategy],
  ['link', run.link.profile],
  ['error.code', run.error?.code ?? null],
  ['error.message', run.error?.message ?? null],
];

/** Figures that are worked out of others. */
const derivedOf = (run: RunResult): Entry[] =>
  run.measurement === null
    ? []
    : figures.filter(({ of }) => of !== undefined).map(({ id }): Entry => [id, valueAt(run, id)]);

/** Where the figure of this place stands in the table of runs. */
export const columnOf = (id: string): string => id.replace(/^link\./, '');

/** One run, one row: everything of it that is a single value. */
export const runRow = (run: RunResult): Row => [
  ...identityOf(run),
  outcomeOf(run),
  flatten('scenario', run.scenario),
  flattenIfThere('linkDefinition', without(run.link.definition, 'name', 'description')),
  flattenIfThere('calibration', without(run.link.calibration, 'applied', 'backend')),
  [...flattenIfThere('measurement', run.measurement), ...derivedOf(run)],
  flattenIfThere('integrity', run.integrity),
  flatten('environment', without(run.environment, 'hosts', 'network')),
];
