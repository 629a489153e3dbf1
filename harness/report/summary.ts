import { formatBytes, formatCount, formatMs } from '../format.ts';
import { disagreementOf } from '../measure/cross-checks.ts';
import { figureAt, valueAt } from '../measure/figures.ts';
import type { CompletedRun, Evidence, LinkCut, Measurement, RunResult } from '../result.ts';
import type { FigureRow } from './figure-rows.ts';
import {
  detailsOf,
  faultRow,
  figureText,
  labelOf,
  linkText,
  shownValue,
  timeRows,
  transferRows,
} from './figure-rows.ts';
import { guestRows, throttleRows, unverifiedText } from './guest.ts';
import { parametersText } from './parameters.ts';
import { switchesOf } from './switches.ts';

/** A result for a person to read at a glance: label, figure, what is behind it. */
type Row = readonly [label: string, figure: string, detail: string];

/**
 * An invalid run with what it measured in its place, for a look at its figures: they are never to be taken for a result.
 * Null where the run didn't get so far.
 */
export const doubtedRunOf = (result: RunResult): CompletedRun | null => {
  if (result.state !== 'invalid') return null;
  const { evidence, integrity, ...rest } = result;
  const { measurement } = evidence;
  if (measurement === null || integrity === null) return null;
  return { ...rest, state: 'completed', measurement, integrity, error: null };
};

const orDash = (value: number | null, format: (value: number) => string): string =>
  value === null ? '–' : format(value);

const workloadText = ({ workload }: RunResult['scenario']): string => {
  if (workload.name === 'idle') return 'idle';
  const rate =
    workload.dirtyRatePagesPerSecond === 0
      ? 'flat out'
      : `at ${formatCount(workload.dirtyRatePagesPerSecond)} pages/s`;
  return `${workload.name} on ${formatBytes(workload.regionBytes)} ${rate}`;
};

/** `hybrid of a 1 GiB guest (stress on 256 MiB at 131,072 pages/s) over coleraine-dublin`, and what switches it had. */
export const experimentText = (result: {
  scenario: RunResult['scenario'];
  strategy: RunResult['strategy'];
  link: { profile: string };
}): string =>
  `${result.strategy} of a ${formatBytes(result.scenario.guest.ramBytes)} guest (${workloadText(result.scenario)})` +
  [` over ${result.link.profile}`, ...switchesOf(result.scenario)].join(', ');

const rowOf = (run: CompletedRun, row: FigureRow): Row => [
  labelOf(row),
  shownValue(run, row.id),
  detailsOf(run, row),
];

/** `xbzrle   1,240 pages   bytes 84,320 · cacheMiss 512 · …` */
const capabilityRows = ({ capabilities = {} }: Measurement): Row[] =>
  Object.entries(capabilities).map(([name, { pages, ...statistics }]) => [
    name,
    pages === undefined ? '' : `${formatCount(pages)} pages`,
    Object.entries(statistics)
      .map(
        ([statistic, value]) =>
          `${statistic} ${Number.isInteger(value) ? formatCount(value) : value.toPrecision(3)}`,
      )
      .join(' · '),
  ]);

const changeRows = ({ parameterChanges = [] }: Measurement): Row[] =>
  parameterChanges.map(({ atMs, changed }) => ['changed', `at ${formatMs(atMs)}`, parametersText(changed)]);

const recoveryRows = ({ recoveries = [] }: Measurement): Row[] =>
  recoveries.map(({ pausedMs, recoveredMs, pagesLost }) => [
    'recovered',
    recoveredMs === null ? 'never' : `after ${formatMs(recoveredMs - pausedMs)}`,
    `connection lost at ${formatMs(pausedMs)}, ${formatCount(pagesLost)} pages sent again`,
  ]);

const cutRows = (linkCuts: readonly LinkCut[] = []): Row[] =>
  linkCuts.map(({ startMs, durationMs, plannedMs }) => [
    'link cut',
    durationMs === null ? `for ${formatMs(plannedMs)}` : formatMs(durationMs),
    `from ${formatMs(startMs)} on nothing passed between source and destination` +
      (durationMs === null ? ', until after the end' : ''),
  ]);

const integrityRow = ({ integrity, guest }: Pick<RunResult, 'integrity' | 'guest'>): Row => {
  if (integrity === null) return ['integrity', 'not checked', unverifiedText({ guest })];
  const { mismatches, staleReads, liveOnBothHostsMs } = integrity;
  const isSound = mismatches === 0 && staleReads === 0 && (liveOnBothHostsMs ?? 0) === 0;
  return [
    'integrity',
    isSound ? 'ok' : 'VIOLATED',
    `${formatCount(integrity.pagesCompared)} pages compared at the ${integrity.host}: ${formatCount(mismatches)} ` +
      `mismatches, ${formatCount(staleReads)} stale reads, live on both hosts ${orDash(liveOnBothHostsMs, formatMs)}`,
  ];
};

const linkRow = (run: RunResult): Row => [
  'link',
  linkText(run),
  `${run.link.calibration === null ? '' : 'calibrated; '}backend ${run.link.backend ?? '–'}, driver ${run.driver ?? '–'}`,
];

const checkRows = (result: RunResult): Row[] =>
  result.crossChecks
    .filter(({ verdict }) => verdict === 'disagree')
    .map((check): Row => ['cross-check', 'disagrees', disagreementOf(check)]);

const measuredRows = (run: CompletedRun): Row[] => [
  ...[...timeRows, ...transferRows].map((row) => rowOf(run, row)),
  ...changeRows(run.measurement),
  ...recoveryRows(run.measurement),
  ...capabilityRows(run.measurement),
  rowOf(run, faultRow),
];

/** Of a run that no verdict can be built on, each figure in brackets. */
const doubtedRows = (run: CompletedRun): Row[] =>
  measuredRows(run).map(([label, figure, detail]) => [label, `(${figure})`, detail]);

/** What was measured, believed or not. */
const figuresOf = (result: RunResult): Row[] => {
  if (result.state === 'completed') return measuredRows(result);
  const doubted = doubtedRunOf(result);
  if (doubted === null) return [];
  return [
    ['INVALID', '', 'figures in brackets were measured, but their instruments contradict each other'],
    ...doubtedRows(doubted),
  ];
};

const table = (rows: readonly Row[]): string[] => {
  const width = Math.max(...rows.map(([, figure]) => figure.length));
  return rows.map(([label, figure, detail]) =>
    `  ${label.padEnd(13)} ${figure.padStart(width)}   ${detail}`.trimEnd(),
  );
};

const evidenceOf = (result: RunResult): Evidence | null =>
  result.state === 'completed' ? null : result.evidence;

/** The whole summary. @param files where the result was written. */
export const summaryOf = (result: RunResult, files: readonly string[]): string => {
  const head = `${result.state}: ${experimentText(result)}`;
  const rows: Row[] = [
    ...figuresOf(result),
    ...cutRows(result.measurement?.linkCuts ?? evidenceOf(result)?.linkCuts),
    ...throttleRows(result),
    ...guestRows(result),
    integrityRow(result),
    linkRow(result),
    ...checkRows(result),
    ['run took', shownValue(result, 'durationMs'), 'with testbed, calibration and verification'],
  ];
  const failure =
    result.error === null
      ? []
      : [
          `  ${result.error.code}: ${result.error.message}`,
          ...(result.error.problems ?? []).map((problem) => `    - ${problem}`),
        ];
  return [
    head,
    ...failure,
    '',
    ...table(rows),
    ...files.map((file) => `  ${'result'.padEnd(13)} ${file}`),
  ].join('\n');
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** What several runs of one scenario are summed up by. */
const spreadIds = ['totalTimeMs', 'downtimeMs', 'observed.gapMs'].map((id) => `measurement.${id}`);

const spread = (id: string, runs: readonly CompletedRun[]): string => {
  const values = runs.map((run) => valueAt(run, id)).filter((value) => value !== null);
  const [middle, low, high] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    figureText(id, value),
  );
  return `  ${figureAt(id).label.padEnd(13)} median ${middle ?? ''}, ${low ?? ''} … ${high ?? ''}`;
};

/** What several runs of one scenario have in common. */
export const repeatSummaryOf = (results: readonly RunResult[]): string => {
  const completed = results.filter((result) => result.state === 'completed');
  const others = results.filter((result) => result.state !== 'completed').map(({ state }) => state);
  const states = [`${completed.length} completed`, ...new Set(others)].map((text, index) =>
    index === 0 ? text : `${others.filter((state) => state === text).length} ${text}`,
  );
  const lines = [`${results.length} runs: ${states.join(', ')}`];
  if (completed.length > 0) lines.push(...spreadIds.map((id) => spread(id, completed)));
  return lines.join('\n');
};
