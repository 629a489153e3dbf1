import { formatBytes, formatMs } from '../format.ts';
import type { RunResult } from '../result.ts';
import { cellText } from './cells.ts';
import type { Meaning } from './tries.ts';
import type { RefusedCell } from './memory.ts';
import type { Block, Trial } from './plan.ts';
import type { CellStanding, SearchResult } from './standing.ts';

/** A sweep's output for people. */

/** `hybrid link=1G stressMB=2048 #2`, repetitions counted from 1. */
export const trialText = ({ part, labels, repeat }: Pick<Trial, 'part' | 'labels' | 'repeat'>): string =>
  `${cellText(part, labels)} #${repeat + 1}`;

const figures = (result: RunResult): string => {
  if (result.state !== 'completed') return '';
  const { totalTimeMs, downtimeMs, ram } = result.measurement;
  return `${formatMs(totalTimeMs)}, downtime ${formatMs(downtimeMs)}, ${formatBytes(ram.transferred)} sent`;
};

const outcome = (result: RunResult, meaning: Meaning, isGivenUp: boolean): string => {
  if (result.state === 'completed') return figures(result);
  if (result.error.code === 'NOT_CONVERGED') return 'does not converge';
  const next = meaning === 'doubt' && !isGivenUp ? ', will be repeated' : '';
  return `${result.state}${next}: ${result.error.code}: ${result.error.message}`;
};

export interface SweepProgress {
  done: number;
  total: number;
  remainingMs: number;
}

/** `[12/96, 14 min 05 s left] hybrid link=1G stressMB=2048 #2: 37.1 s, downtime 41 ms, 4.38 GiB sent` */
export const runLine = (
  trial: Trial,
  result: RunResult,
  meaning: Meaning,
  isGivenUp: boolean,
  { done, total, remainingMs }: SweepProgress,
): string =>
  `[${done}/${total}, ${formatMs(remainingMs)} left] ${trialText(trial)}: ${outcome(result, meaning, isGivenUp)}`;

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Distinct labels of each axis, as they come. */
const axesText = (cells: readonly CellStanding[]): string => {
  const axes = new Map<string, Set<string | number>>();
  for (const { labels } of cells)
    for (const [axis, label] of Object.entries(labels))
      axes.set(axis, (axes.get(axis) ?? new Set()).add(label));
  return [...axes].map(([axis, labels]) => `${axis} ${[...labels].join(' ')}`).join(' × ');
};

const byPart = (cells: readonly CellStanding[]): [string, CellStanding[]][] => [
  ...Map.groupBy(cells, ({ part }) => part),
];

/** The plan: one line per part. */
export const planText = (
  title: string,
  cells: readonly CellStanding[],
  blocks: readonly Block[],
  { done, total, remainingMs }: SweepProgress,
  refused: readonly RefusedCell[],
): string => {
  const width = Math.max(0, ...byPart(cells).map(([part]) => part.length));
  const parts = byPart(cells).map(([part, mine]) => {
    const wanted = mine.reduce((sum, cell) => sum + cell.wanted, 0);
    const what =
      mine[0]?.limits === null
        ? `${plural(mine.length, 'cell')}, ${plural(wanted, 'run')}`
        : plural(wanted, 'bisection');
    return `  ${part.padEnd(width)}  ${what}: ${axesText(mine)}`;
  });
  const left = `${plural(total - done, 'run')} to go in ${plural(blocks.length, 'block')}, about ${formatMs(remainingMs)}`;
  const unsupported = refused.map(
    ({ part, labels, reason }) => `  unsupported: ${cellText(part, labels)}: ${reason}`,
  );
  return [title, ...parts, ...unsupported, `  ${done > 0 ? `${done} of ${total} done; ` : ''}${left}`].join(
    '\n',
  );
};

const limitText = ({ converged, notConverged }: SearchResult): string =>
  `converges up to ${converged ?? 'less than the range'}, not at ${notConverged ?? 'any value of the range'}`;

/** Every cell that lacks runs, and every limit found. */
const standingLines = (cells: readonly CellStanding[]): string[] =>
  cells.flatMap(({ part, labels, answered, wanted, limits }) => [
    ...(limits ?? []).map(
      (limit) => `  ${trialText({ part, labels, repeat: limit.repeat })}: ${limitText(limit)}`,
    ),
    ...(answered < wanted ? [`  ${cellText(part, labels)}: ${answered} of ${wanted}`] : []),
  ]);

/** Inconclusive runs of this invocation. */
export interface Mishap {
  trial: Pick<Trial, 'part' | 'labels' | 'repeat'>;
  state: RunResult['state'];
  message: string;
}

const mishapLines = (mishaps: readonly Mishap[]): string[] =>
  [...Map.groupBy(mishaps, ({ state }) => state)].flatMap(([state, group]) => [
    `${plural(group.length, 'run')} ended as ${state}:`,
    ...group.map(({ trial, message }) => `  ${trialText(trial)}: ${message}`),
  ]);

/** The outcome of a sweep. */
export const outcomeText = (
  cells: readonly CellStanding[],
  mishaps: readonly Mishap[],
  out: string,
): string => {
  const missing = cells.filter(({ answered, wanted }) => answered < wanted);
  const head =
    missing.length === 0
      ? `complete: ${plural(cells.length, 'cell')}, each with all of its runs`
      : `${missing.length} of ${plural(cells.length, 'cell')} lack runs`;
  return [...mishapLines(mishaps), head, ...standingLines(cells), `results in ${out}`].join('\n');
};
