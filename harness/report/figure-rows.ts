import { formatBytes, formatCount, formatMs, formatRate, formatUs } from '../format.ts';
import type { Unit } from '../measure/figures.ts';
import { figureAt, valueAt } from '../measure/figures.ts';
import type { CompletedRun, RunResult } from '../result.ts';
import { downtimeLimitText } from './downtime-limit.ts';

/** Which figures of a run are shown together, the same on a terminal and on the report page. */

const formats: Readonly<Record<Unit, (value: number) => string>> = {
  ms: formatMs,
  µs: formatUs,
  s: (seconds) => formatMs(seconds * 1000),
  bytes: formatBytes,
  'Mb/s': formatRate,
  count: formatCount,
};

/** A value of a figure as people read it; a dash where the run has none. */
export const figureText = (id: string, value: number | null): string =>
  value === null ? '–' : formats[figureAt(id).unit](value);

export const shownValue = (run: RunResult, id: string): string => figureText(id, valueAt(run, id));

/** Figures that stand together: the first is the row's own, the others say what is behind it. */
export interface FigureRow {
  id: string;
  details: readonly string[];
  /** Left out where they are 0, as they are for most runs. */
  unlessZero?: readonly string[];
  /** What else there is to say. */
  note?: (run: CompletedRun) => string;
}

/** How the downtime is held against what the observer saw. */
const downtimeCheckText = ({ crossChecks }: CompletedRun): string => {
  const check = crossChecks.find(({ name }) => name === 'downtime');
  const derivation =
    "by the observer, from the source's last answer to the destination's first: the downtime and the way there and back";
  if (check === undefined || check.low === null || check.high === null) return derivation;
  const [low, high] = [check.low, check.high].map(formatMs);
  return `${derivation}; ${low ?? ''} to ${high ?? ''} expected, which ${check.verdict === 'agree' ? 'agrees' : 'disagrees'}`;
};

const encodedText = ({ measurement }: CompletedRun): string =>
  Object.entries(measurement.ram.encoded ?? {})
    .map(([name, pages]) => `by ${name} ${formatCount(pages)}`)
    .join(' · ');

const m = (id: string): string => `measurement.${id}`;
const all = (...ids: string[]): string[] => ids.map(m);

export const timeRows: readonly FigureRow[] = [
  { id: m('totalTimeMs'), details: all('setupTimeMs') },
  {
    id: m('downtimeMs'),
    details: all(
      'downtime.preSwitchoverMs', 'downtime.finalPagesMs', 'downtime.deviceStateMs', 'downtime.propagationMs',
      'downtime.loadMs', 'downtime.resumeMs',
    ), // prettier-ignore
    unlessZero: all('downtime.preSwitchoverMs'),
  },
  {
    id: m('downtimeLimit.limitMs'),
    details: [],
    note: ({ measurement }) => downtimeLimitText(measurement),
  },
  { id: m('observed.handoverGapMs'), details: [], note: downtimeCheckText },
  {
    id: m('observed.gapMs'),
    details: all('observed.lostPings'),
    note: (run) => {
      const latency = (['before', 'during', 'after'] as const).map((when) =>
        shownValue(run, m(`observed.latency.${when}.p50Ms`)),
      );
      return `median latency before → during → after ${latency.join(' → ')}`;
    },
  },
];

export const transferRows: readonly FigureRow[] = [
  {
    id: m('ram.transferred'),
    details: all('ram.precopyBytes', 'ram.downtimeBytes', 'ram.postcopyBytes', 'ram.normal', 'ram.duplicate'),
    note: encodedText,
  },
  {
    id: m('wire.sourceToDestinationBytes'),
    details: all('wire.destinationToSourceBytes', 'wire.droppedPackets'),
  },
  {
    id: m('pageGoodputMbps'),
    details: [],
    note: () => 'page messages over the time from agreement to the end',
  },
  { id: m('roundCount'), details: all('ram.dirtySyncCount') },
];

export const faultRow: FigureRow = {
  id: m('faults.count'),
  details: all('faults.p50Us', 'faults.p99Us', 'faults.maxUs', 'faults.stalledMs'),
  unlessZero: all('faults.stalledMs'),
};

export const figureRows: readonly FigureRow[] = [...timeRows, ...transferRows, faultRow];

/** `label value` of what is behind a row's own figure. */
export const detailsOf = (run: CompletedRun, { details, unlessZero = [], note }: FigureRow): string => {
  const figures = details.flatMap((id) => {
    const value = valueAt(run, id);
    if (value === null || (value === 0 && unlessZero.includes(id))) return [];
    return [`${figureAt(id).label} ${figureText(id, value)}`];
  });
  return [...figures, note?.(run) ?? ''].filter((text) => text !== '').join(' · ');
};

/** The link as it was calibrated: `5.41 ms, 951 Mb/s`. */
export const linkText = (run: RunResult): string =>
  run.link.calibration === null
    ? 'not calibrated'
    : ['rttMs', 'goodputMbps'].map((name) => shownValue(run, `link.calibration.${name}`)).join(', ');

export const labelOf = ({ id }: FigureRow): string => figureAt(id).label;
