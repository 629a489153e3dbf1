import type { CsvTable } from '../report/csv.ts';
import { figurePlaces, valueAt, witnesses } from '../measure/figures.ts';
import type { Measurement, RunResult } from '../result.ts';
import type { Entry } from './flatten.ts';
import { flatten } from './flatten.ts';
import { identityOf, runRow } from './runs.ts';
import type { Row } from './table.ts';
import { tableOf } from './table.ts';

/** A list of a measurement as a long table, a row an element. */
type Elements = (measurement: Measurement) => readonly object[];

/** Bucket n holds faults of [2^n, 2^(n+1)) µs. */
const faultBuckets: Elements = ({ faults }) =>
  faults.histogram.map((count, n) => ({ fromUs: 2 ** n, toUs: 2 ** (n + 1), count }));

const lists = {
  rounds: ({ rounds }) => rounds,
  faults: faultBuckets,
  guest: ({ guestProgress }) => guestProgress,
  link: ({ series }) => series.link,
  progress: ({ series }) => series.progress,
  pings: ({ series }) => series.pings,
} satisfies Record<string, Elements>;

export const tableNames = ['runs', 'figures', ...(Object.keys(lists) as (keyof typeof lists)[])] as const;
export type TableName = (typeof tableNames)[number];

export const tableTexts: Readonly<Record<TableName, string>> = {
  runs: 'a row a run, every single value of it',
  figures: 'a row a figure of a run: label, unit, who says it, value (docs/figures.md)',
  rounds: 'a row a round of a migration',
  faults: 'a row a bucket of the fault-latency histogram',
  guest: "a row an interval of the guest's progress",
  link: "a row a sample of the router's counters while the migration ran",
  progress: 'a row a word of the source on what is sent and what remains',
  pings: "a row an interval of the observer's pings",
};

/** A row a figure that the run has. */
const figureRows = (run: RunResult): Row[] =>
  figurePlaces.flatMap(({ id, label, unit, by }) => {
    const value = valueAt(run, id);
    if (value === null) return [];
    const told: Entry[] = [
      ['figure', id],
      ['label', label],
      ['unit', unit],
      ['by', witnesses[by]],
      ['value', value],
    ];
    return [[...identityOf(run), told]];
  });

/** A table of the runs, in their order. Runs without a measurement have rows in `runs` alone. */
export const exportTable = (runs: readonly RunResult[], name: TableName): CsvTable => {
  if (name === 'runs') return tableOf(runs.map(runRow));
  if (name === 'figures') return tableOf(runs.flatMap(figureRows));
  return tableOf(
    runs.flatMap((run) =>
      run.measurement === null
        ? []
        : lists[name](run.measurement).map((element) => [...identityOf(run), flatten('', element)]),
    ),
  );
};
