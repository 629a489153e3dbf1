import { formatBytes, formatCount, formatMs, formatRate, formatUs } from '../format.ts';
import type { Unit } from '../measure/figures.ts';
import { figureAt, figures, valueAt } from '../measure/figures.ts';
import { median } from '../median.ts';
import type { CompletedRun, RunResult } from '../result.ts';
import { downtimeLimitText } from './downtime-limit.ts';

/** The figures of a run that are displayed together, on a terminal and on the report page. */

const formats: Readonly<Record<Unit, (value: number) => string>> = {
  ms: formatMs,
  µs: formatUs,
  s: (seconds) => formatMs(seconds * 1000),
  bytes: formatBytes,
  'Mb/s': formatRate,
  count: formatCount,
  share: (value) => value.toFixed(2),
};

/** A figure's value for people; a dash if the run has none. */
export const figureText = (id: string, value: number | null): string =>
  value === null ? '–' : formats[figureAt(id).unit](value);

export const shownValue = (run: RunResult, id: string): string => figureText(id, valueAt(run, id));

/**
 * `4.21 s (4.10 s–4.35 s)`: the median, and the range where it is one; a dash if no run has the figure.
 * @param between stands between the ends of the range
 */
export const spreadText = (runs: readonly RunResult[], id: string, between = '–'): string => {
  const values = runs.map((run) => valueAt(run, id)).filter((value) => value !== null);
  if (values.length === 0) return '–';
  const [low, high] = [figureText(id, Math.min(...values)), figureText(id, Math.max(...values))];
  return low === high ? low : `${figureText(id, median(values))} (${low}${between}${high})`;
};

/** A row of figures: the first is the row's own, the others detail it. */
export interface FigureRow {
  id: string;
  details: readonly string[];
  /** Omitted if 0, as in most runs. */
  unlessZero?: readonly string[];
  /** Additional text. */
  note?: (run: CompletedRun) => string;
}

/** How the downtime compares with the observer's gap. */
const downtimeCheckText = ({ crossChecks }: CompletedRun): string => {
  const check = crossChecks.find(({ name }) => name === 'downtime');
  const derivation =
    "by the observer, from the source's last answer to the destination's first: the downtime and the round trip";
  if (check === undefined || check.low === null || check.high === null) return derivation;
  const [low, high] = [check.low, check.high].map(formatMs);
  return `${derivation}; ${low ?? ''} to ${high ?? ''} expected, which ${check.verdict === 'agree' ? 'agrees' : 'disagrees'}`;
};

const encodedText = ({ measurement }: CompletedRun): string =>
  Object.entries(measurement.encodedPages)
    .map(([name, pages]) => `by ${name} ${formatCount(pages)}`)
    .join(' · ');

const m = (id: string): string => `measurement.${id}`;
const all = (...ids: string[]): string[] => ids.map(m);

/** A row with the figures that the table displays after its own. */
const withBeside = (row: FigureRow): FigureRow => {
  const behind = figures.filter(({ beside }) => beside === row.id);
  const unlessZero = behind.filter((figure) => figure.unlessZero).map(({ id }) => id);
  return {
    ...row,
    details: [...row.details, ...behind.map(({ id }) => id)],
    unlessZero: [...(row.unlessZero ?? []), ...unlessZero],
  };
};

export const timeRows: readonly FigureRow[] = [
  { id: m('totalTimeMs'), details: all('setupTimeMs') },
  {
    id: m('downtimeMs'),
    details: all(
      'downtime.drainMs', 'downtime.leaseMs', 'downtime.preSwitchoverMs', 'downtime.finalPagesMs', 'downtime.deviceStateMs', 'downtime.propagationMs',
      'downtime.loadMs', 'downtime.resumeMs',
    ), // prettier-ignore
    unlessZero: all('downtime.drainMs', 'downtime.leaseMs', 'downtime.preSwitchoverMs'),
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
  { id: m('ram.transferred'), details: [], note: encodedText },
  {
    id: m('wire.sourceToDestinationBytes'),
    details: all('wire.destinationToSourceBytes', 'wire.droppedPackets'),
  },
  {
    id: m('pageGoodputMbps'),
    details: [],
    note: () => 'page messages divided by the time from handshake to end',
  },
  { id: m('roundCount'), details: [] },
].map(withBeside);

export const faultRow: FigureRow = withBeside({
  id: m('faults.count'),
  details: all('faults.p50Us', 'faults.p99Us', 'faults.maxUs', 'faults.stalledMs'),
  unlessZero: all('faults.stalledMs'),
});

export const figureRows: readonly FigureRow[] = [...timeRows, ...transferRows, faultRow];

/** `label value` of a row's further figures. */
export const detailsOf = (run: CompletedRun, { details, unlessZero = [], note }: FigureRow): string => {
  const texts = details.flatMap((id) => {
    const value = valueAt(run, id);
    if (value === null || (value === 0 && unlessZero.includes(id))) return [];
    return [`${figureAt(id).label} ${figureText(id, value)}`];
  });
  return [...texts, note?.(run) ?? ''].filter((text) => text !== '').join(' · ');
};

/** The calibrated link: `5.41 ms, 951 Mb/s`. */
export const linkText = (run: RunResult): string =>
  run.link.calibration === null
    ? 'not calibrated'
    : ['rttMs', 'goodputMbps'].map((name) => shownValue(run, `link.calibration.${name}`)).join(', ');

export const labelOf = ({ id }: FigureRow): string => figureAt(id).label;
