import type { CsvTable } from '../report/csv.ts';
import { servicePhases } from '../report/service.ts';
import { figurePlaces, valueAt, witnesses } from '../measure/figures.ts';
import type { Measurement, RunResult } from '../result.ts';
import type { Entry } from './flatten.ts';
import { flatten } from './flatten.ts';
import { identityOf, runRow } from './runs.ts';
import type { Row } from './table.ts';
import { tableOf } from './table.ts';

/** A list of a measurement as a long table, one row per element. */
type Elements = (measurement: Measurement) => readonly object[];

/** Bucket n holds faults of [2^n, 2^(n+1)) µs. */
const faultBuckets: Elements = ({ faults }) =>
  faults.histogram.map((count, n) => ({ fromUs: 2 ** n, toUs: 2 ** (n + 1), count }));

const lists = {
  rounds: ({ rounds }) => rounds,
  traffic: ({ traffic = [] }) => traffic,
  service: ({ service }) =>
    service === undefined ? [] : servicePhases(service).map(([phase, span]) => ({ phase, ...span })),
  'service-series': ({ service }) => service?.series ?? [],
  faults: faultBuckets,
  guest: ({ guestProgress }) => guestProgress,
  link: ({ series }) => series.link,
  progress: ({ series }) => series.progress,
  pings: ({ series }) => series.pings,
} satisfies Record<string, Elements>;

export const tableNames = ['runs', 'figures', ...(Object.keys(lists) as (keyof typeof lists)[])] as const;
export type TableName = (typeof tableNames)[number];

export const tableTexts: Readonly<Record<TableName, string>> = {
  runs: 'one row per run, with all its single values',
  figures: 'one row per figure of a run: label, unit, source, value (docs/figures.md)',
  rounds: 'one row per round of a migration',
  traffic: 'one row per flow beside the migration',
  service: "one row per phase of a migration: the service's replies, latency and errors",
  'service-series': 'the same, one row per 100 ms',
  faults: 'one row per bucket of the fault-latency histogram',
  guest: "one row per interval of the guest's progress",
  link: "one row per sample of the router's counters during the migration",
  progress: 'one row per progress report of the source: bytes sent and remaining',
  pings: "one row per interval of the observer's pings",
};

/** One row per figure that the run has. */
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

/** A table of the runs, in their order. Runs without a measurement only have rows in `runs`. */
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
