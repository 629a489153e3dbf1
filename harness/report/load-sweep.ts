import type { LoadStep } from '../load-sweep.ts';
import { saturationOf } from '../load-sweep.ts';
import { formatCount, formatMs } from '../format.ts';
import type { CsvTable } from './csv.ts';
import { errorsText } from './service.ts';

const whole = (value: number): string => formatCount(Math.round(value));
const msText = (value: number | null): string => (value === null ? '–' : formatMs(value));

const head = ['asked/s', 'requests/s', 'replies/s', 'kB/s', 'p50', 'p95', 'p99', 'max', 'errors'];

const cellsOf = (step: LoadStep): string[] => [
  whole(step.rate),
  whole(step.requestsPerSecond),
  whole(step.repliesPerSecond),
  whole(step.kilobytesPerSecond),
  ...[step.p50Ms, step.p95Ms, step.p99Ms, step.maxMs].map(msText),
  `${errorsText(step)}${step.doubt === null ? '' : '; invalid: the generator was late'}`,
];

/** The table of a sweep of rates, and where the service is saturated. */
export const loadSweepText = (steps: readonly LoadStep[]): string => {
  const rows = [head, ...steps.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const last = head.length - 1;
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === last ? cell : cell.padStart(widths[column] ?? 0))).join('  '),
  );
  return [...lines, '', saturationText(steps)].join('\n');
};

const saturationText = (steps: readonly LoadStep[]): string => {
  const point = saturationOf(steps);
  return point === null
    ? 'not saturated at any of these rates'
    : `saturated at ${whole(point.rate)} requests/s: ${point.why}`;
};

/** One row per rate. */
export const loadSweepTable = (steps: readonly LoadStep[]): CsvTable => {
  const columns = [
    ...['rate', 'durationMs', 'requests', 'requestsPerSecond', 'repliesPerSecond', 'kilobytesPerSecond'],
    ...['p50Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'maxMs'],
    ...['errors', 'timeouts', 'refused', 'stale', 'otherErrors', 'lateP99Ms'],
  ] as const;
  return {
    columns: [...columns, 'valid'],
    rows: steps.map((step) => [...columns.map((name) => step[name]), step.doubt === null ? 1 : 0]),
  };
};
