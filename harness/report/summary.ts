import { workloads } from '../../catalogue/workloads.ts';
import { formatBytes, formatCount, formatMs } from '../format.ts';
import { disagreementOf } from '../measure/cross-checks.ts';
import { figureAt, valueAt } from '../measure/figures.ts';
import { median } from '../median.ts';
import type { CompletedRun, Integrity, LinkCut, Measurement, RunResult } from '../result.ts';
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
import { hostLoadRows } from './host-load.ts';
import { guestRows, throttleRows, unverifiedText } from './guest.ts';
import { parametersText } from './parameters.ts';
import { serviceRows } from './service.ts';
import { storageRows } from './storage.ts';
import { switchesOf } from './switches.ts';
import { switchoverText } from './switchover.ts';
import { timelineRows } from './timeline.ts';
import { trafficRows } from './traffic.ts';

/** A result to read at a glance: label, figure, detail. */
type Row = readonly [label: string, figure: string, detail: string];

/**
 * An invalid run with its measurement, only to show its figures: they must never be taken for a result. Null if the run
 * didn't get that far.
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
  const { name, regionBytes, dirtyRatePagesPerSecond } = workload;
  const { hasRegion = true, hasDirtyRate = true } = workloads.get(name) ?? {};
  const region = hasRegion ? ` on ${formatBytes(regionBytes)}` : '';
  const rate =
    dirtyRatePagesPerSecond === 0 ? 'flat out' : `at ${formatCount(dirtyRatePagesPerSecond)} pages/s`;
  return `${name}${region}${hasDirtyRate ? ` ${rate}` : ''}`;
};

/** `hybrid of a 1 GiB guest (stress on 256 MiB at 131,072 pages/s) over coleraine-dublin`, and its switches. */
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
const capabilityRows = ({ capabilities }: Measurement): Row[] =>
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

const changeRows = ({ parameterChanges }: Measurement): Row[] =>
  parameterChanges.map(({ atMs, changed }) => ['changed', `at ${formatMs(atMs)}`, parametersText(changed)]);

const switchoverRows = ({ switchoverOrder }: Measurement): Row[] =>
  switchoverOrder === undefined
    ? []
    : [['ordered', `at ${formatMs(switchoverOrder.atMs)}`, switchoverText[switchoverOrder.order]]];

const recoveryRows = ({ recoveries }: Measurement): Row[] =>
  recoveries.map(({ pausedMs, recoveredMs, pagesLost }) => [
    'recovered',
    recoveredMs === null ? 'never' : `after ${formatMs(recoveredMs - pausedMs)}`,
    `connection lost at ${formatMs(pausedMs)}, ${formatCount(pagesLost)} pages resent`,
  ]);

const cutRows = (linkCuts: readonly LinkCut[]): Row[] =>
  linkCuts.map(({ startMs, durationMs, plannedMs }) => [
    'link cut',
    durationMs === null ? `for ${formatMs(plannedMs)}` : formatMs(durationMs),
    `between source and destination, from ${formatMs(startMs)}` +
      (durationMs === null ? ', until after the end' : ''),
  ]);

const diskText = ({ disk }: Pick<Integrity, 'disk'>): string =>
  disk === undefined
    ? ''
    : `${formatCount(disk.sectorsCompared)} sectors of the disk: ${formatCount(disk.mismatches)} mismatches, ` +
      `${formatCount(disk.staleReads)} stale reads, ` +
      (disk.ioErrors === undefined ? '' : `${formatCount(disk.ioErrors)} I/O errors, `);

/** `integrity   ok   …`: of a run that was compared, and of one that was not. */
export const integrityRow = ({ integrity, guest }: Pick<RunResult, 'integrity' | 'guest'>): Row => {
  if (integrity === null) return ['integrity', 'not checked', unverifiedText({ guest })];
  const { mismatches, staleReads, disk, liveOnBothHostsMs } = integrity;
  const wrong = mismatches + staleReads + (disk?.mismatches ?? 0) + (disk?.staleReads ?? 0);
  const isSound = wrong === 0 && (liveOnBothHostsMs ?? 0) === 0 && (disk?.writersAtOnceMs ?? 0) === 0;
  return [
    'integrity',
    isSound ? 'ok' : 'VIOLATED',
    `${formatCount(integrity.pagesCompared)} pages compared at the ${integrity.host}: ${formatCount(mismatches)} ` +
      `mismatches, ${formatCount(staleReads)} stale reads, ${diskText(integrity)}live on both hosts ${orDash(liveOnBothHostsMs, formatMs)}`,
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
  ...switchoverRows(run.measurement),
  ...recoveryRows(run.measurement),
  ...trafficRows(run),
  ...storageRows(run),
  ...hostLoadRows(run),
  ...serviceRows(run),
  ...capabilityRows(run.measurement),
  rowOf(run, faultRow),
];

/** For a run that supports no verdict: each figure in brackets. */
const doubtedRows = (run: CompletedRun): Row[] =>
  measuredRows(run).map(([label, figure, detail]) => [label, `(${figure})`, detail]);

/** The measurements, reliable or not. */
const figuresOf = (result: RunResult): Row[] => {
  if (result.state === 'completed') return measuredRows(result);
  const doubted = doubtedRunOf(result);
  if (doubted === null) return [];
  return [
    ['INVALID', '', 'figures in brackets were measured, but the instruments contradict each other'],
    ...doubtedRows(doubted),
  ];
};

const table = (rows: readonly Row[]): string[] => {
  const width = Math.max(...rows.map(([, figure]) => figure.length));
  return rows.map(([label, figure, detail]) =>
    `  ${label.padEnd(13)} ${figure.padStart(width)}   ${detail}`.trimEnd(),
  );
};

/** The whole summary. @param files where the result was written. */
export const summaryOf = (result: RunResult, files: readonly string[]): string => {
  const head = `${result.state}: ${experimentText(result)}`;
  const rows: Row[] = [
    ...figuresOf(result),
    ...cutRows((result.state === 'completed' ? result.measurement : result.evidence).linkCuts),
    ...timelineRows(result),
    ...throttleRows(result),
    ...guestRows(result),
    integrityRow(result),
    linkRow(result),
    ...checkRows(result),
    ['run took', shownValue(result, 'durationMs'), 'including testbed, calibration and verification'],
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

/** The figures that summarise several runs of one scenario. */
const spreadIds = ['totalTimeMs', 'downtimeMs', 'observed.gapMs'].map((id) => `measurement.${id}`);

const spread = (id: string, runs: readonly CompletedRun[]): string => {
  const values = runs.map((run) => valueAt(run, id)).filter((value) => value !== null);
  if (values.length === 0) return `  ${figureAt(id).label.padEnd(13)} not measured`;
  const [middle, low, high] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    figureText(id, value),
  );
  return `  ${figureAt(id).label.padEnd(13)} median ${middle ?? ''}, ${low ?? ''} … ${high ?? ''}`;
};

/** The summary of several runs of one scenario. */
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
