import type { CsvTable } from '../report/csv.ts';
import type { Measurement, RunResult } from '../result.ts';
import { flatten } from './flatten.ts';
import { identityOf, runRow } from './runs.ts';
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

export const tableNames = ['runs', ...(Object.keys(lists) as (keyof typeof lists)[])] as const;
export type TableName = (typeof tableNames)[number];

export const tableTexts: Readonly<Record<TableName, string>> = {
  runs: 'a row a run, every single value of it',
  rounds: 'a row a round of a migration',
  faults: 'a row a bucket of the fault-latency histogram',
  guest: "a row an interval of the guest's progress",
  link: "a row a sample of the router's counters while the migration ran",
  progress: 'a row a word of the source on what is sent and what remains',
  pings: "a row an interval of the observer's pings",
};

/** A table of the runs, in their order. Runs without a measurement have rows in `runs` alone. */
export const exportTable = (runs: readonly RunResult[], name: TableName): CsvTable => {
  if (name === 'runs') return tableOf(runs.map(runRow));
  return tableOf(
    runs.flatMap((run) =>
      run.measurement === null
        ? []
        : lists[name](run.measurement).map((element) => [...identityOf(run), flatten('', element)]),
    ),
  );
};
