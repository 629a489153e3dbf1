import { createHash } from 'node:crypto';
import { figures, valueAt } from '../measure/figures.ts';
import type { RunResult } from '../result.ts';
import { settingKey } from '../setting.ts';
import type { Entry } from './flatten.ts';
import { flatten } from './flatten.ts';
import type { Row } from './table.ts';

/** An optional object adds no columns if absent; other rows supply them. */
const flattenIfThere = (prefix: string, value: object | null): Entry[] =>
  value === null ? [] : flatten(prefix, value);

const without = <T extends object, K extends keyof T>(value: T | null, ...keys: K[]): Omit<T, K> | null => {
  if (value === null) return null;
  const copy = { ...value };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
};

/** Short enough to read, long enough to be unique. */
const digestDigits = 16;

/** The same for runs with the same settings, to group by. */
const settingDigest = (run: RunResult): string =>
  createHash('sha256').update(settingKey(run)).digest('hex').slice(0, digestDigits);

/** The run and settings of a row: the same columns in every table, to join and to group by. */
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

/** Figures derived from others. */
const derivedOf = (run: RunResult): Entry[] =>
  run.measurement === null
    ? []
    : figures.filter(({ of }) => of !== undefined).map(({ id }): Entry => [id, valueAt(run, id)]);

/** The column of this figure in the table of runs. */
export const columnOf = (id: string): string => id.replace(/^link\./, '');

/** Flows are few, and each has a place: `scenario.traffic.0.rateMbps`. */
const flowsOf = (prefix: string, flows: readonly object[] | undefined): Entry[] =>
  flattenIfThere(prefix, flows === undefined ? null : Object.fromEntries(flows.entries()));

/** One row per run: all its single values. */
export const runRow = (run: RunResult): Row => [
  ...identityOf(run),
  outcomeOf(run),
  [...flatten('scenario', run.scenario), ...flowsOf('scenario.traffic', run.scenario.traffic)],
  flattenIfThere('linkDefinition', without(run.link.definition, 'name', 'description')),
  flattenIfThere('calibration', without(run.link.calibration, 'applied', 'backend')),
  [
    ...flattenIfThere('measurement', run.measurement),
    ...flowsOf('measurement.traffic', run.measurement?.traffic),
    ...derivedOf(run),
  ],
  flattenIfThere('integrity', run.integrity),
  flatten('environment', without(run.environment, 'hosts', 'network')),
];
