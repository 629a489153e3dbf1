import type { MigrationStatus } from '#proto/strategy';
import { pageSizeBytes } from '#proto/units';
import { formatBytes, formatCount, formatMs, formatRate } from '../format.ts';
import type { RunEvent } from '../run/events.ts';
import { parametersText } from './parameters.ts';
import type { Progress } from './progress.ts';
import { switchoverText } from './switchover.ts';

/** Progress for people: a redrawn block on a terminal, or single lines in a log. */

const barCells = 24;

const bar = (progress: Progress): string => {
  const { remainingBytes, transferredBytes } = progress;
  if (remainingBytes === null || remainingBytes + transferredBytes === 0) return '';
  const done = transferredBytes / (remainingBytes + transferredBytes);
  const filled = Math.min(barCells, Math.max(0, Math.round(done * barCells)));
  return `[${'='.repeat(filled)}${' '.repeat(barCells - filled)}] `;
};

const dirtyRate = (pagesPerSecond: number | null): string =>
  pagesPerSecond === null
    ? '–'
    : `${formatCount(pagesPerSecond)} pages/s (${formatBytes(pagesPerSecond * pageSizeBytes)}/s)`;

const guestLine = ({ guest }: Progress): string => {
  if (guest === null) return '–';
  if (!guest.running) return `paused at the ${guest.host}`;
  const speed =
    guest.operationsPerSecond === null ? '' : `${formatCount(guest.operationsPerSecond)} operations/s `;
  return `${speed}at the ${guest.host}`;
};

/** What the user has to do for the migration to continue. */
const awaited: Partial<Record<MigrationStatus, string>> = {
  'pre-switchover': 'waiting for `livemig continue`',
};

const statusWords = ({ status, isCut }: Progress): string[] => [
  ...(status === null ? [] : [status, ...(awaited[status] === undefined ? [] : [awaited[status]])]),
  ...(isCut ? ['link cut'] : []),
];

/**
 * The block, one string per line, none longer than `columns`.
 * @param nowMs CLOCK_MONOTONIC, as in the events.
 */
export const progressBlock = (
  title: string,
  progress: Progress,
  nowMs: number,
  columns: number,
): string[] => {
  const elapsed = progress.startedAtMs === null ? '' : formatMs(Math.max(0, nowMs - progress.startedAtMs));
  const phase = [progress.phase ?? 'starting', progress.detail].filter((part) => part !== '').join(': ');
  const remaining =
    progress.remainingBytes === null ? '–' : `${bar(progress)}${formatBytes(progress.remainingBytes)}`;
  const rows: [string, string][] = [
    ['phase', [phase, ...statusWords(progress)].join(' · ')],
    ['round', progress.round === 0 ? '–' : String(progress.round)],
    ['throughput', progress.throughputMbps === null ? '–' : formatRate(progress.throughputMbps)],
    ['dirty rate', dirtyRate(progress.dirtyPagesPerSecond)],
    ['remaining', remaining],
    ['guest', guestLine(progress)],
    ['elapsed', elapsed],
  ];
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(11)} ${value}`)].map((line) =>
    line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line,
  );
};

/** The log line for an event; undefined if it isn't logged. */
const logLine = (event: RunEvent): string | undefined => {
  switch (event.type) {
    case 'phase':
      return event.detail === undefined ? event.phase : `${event.phase}: ${event.detail}`;
    case 'status':
      return [
        `status ${event.status}`,
        ...(awaited[event.status] === undefined ? [] : [awaited[event.status]]),
      ].join(': ');
    case 'refused':
      return `rejected an unknown client at the source (${formatCount(event.count)} so far): ${event.reason}`;
    case 'cut':
      return `the link between source and destination is cut for ${formatMs(event.plannedMs)}`;
    case 'cut-ended':
      return `the link is restored after ${formatMs(event.atMs - event.startedAtMs)}`;
    case 'parameters':
      return `limits changed: ${parametersText(event.changed)}`;
    case 'timeline':
      return `timeline: ${event.text}`;
    case 'switchover':
      return `switchover ordered: ${switchoverText[event.order]}`;
    case 'round':
      return (
        `round ${event.round} (${event.phase}): ${formatCount(event.pagesSent)} pages in ${formatMs(event.durationMs)}` +
        ` at ${formatRate(event.throughputMbps)}, ${formatCount(event.pagesDirtied)} dirtied meanwhile`
      );
    case 'progress':
      return `${formatBytes(event.transferredBytes)} of page messages, ${formatBytes(event.remainingBytes)} remaining, ${formatRate(event.throughputMbps)}`;
    case 'guest':
    case 'messages':
    case 'faults':
      return undefined;
  }
};

/** Minimum interval between log lines of progress. Each round has its own: a log is read for them afterwards. */
const quietMs = 2000;

/** The log as a fold over events: `line` is the line of the last event. */
export interface LogState {
  startedAtMs: number | null;
  /** When a line of a throttled kind was last logged. */
  toldAtMs: Partial<Record<RunEvent['type'], number>>;
  line: string | undefined;
}

export const silentLog: LogState = { startedAtMs: null, toldAtMs: {}, line: undefined };

export const foldLog = (state: LogState, event: RunEvent): LogState => {
  const startedAtMs = state.startedAtMs ?? event.atMs;
  const isThrottled = event.type === 'progress';
  const lastAtMs = state.toldAtMs[event.type] ?? Number.NEGATIVE_INFINITY;
  const text = logLine(event);
  if (text === undefined || (isThrottled && event.atMs - lastAtMs < quietMs))
    return { ...state, startedAtMs, line: undefined };
  const at = ((event.atMs - startedAtMs) / 1000).toFixed(1).padStart(6);
  const toldAtMs = isThrottled ? { ...state.toldAtMs, [event.type]: event.atMs } : state.toldAtMs;
  return { startedAtMs, toldAtMs, line: `[${at} s] ${text}` };
};
