import { formatMs } from '../format.ts';
import type { PlayedEntry, RunResult } from '../result.ts';

const whenText = ({ atMs, outcome }: PlayedEntry): string =>
  outcome === 'never' || atMs === null ? outcome : `at ${formatMs(atMs)}`;

const detailText = ({ at, do: action, with: what, tookMs, outcome, detail, trace }: PlayedEntry): string =>
  [
    `${at}: ${[action, what].filter((text) => text !== '').join(': ')}`,
    ...(outcome === 'refused' || outcome === 'failed' ? [outcome] : []),
    ...(outcome === 'done' && tookMs !== null && tookMs >= 1 ? [`took ${formatMs(tookMs)}`] : []),
    ...(trace === undefined ? [] : [`${trace.applied} of ${trace.steps} steps`]),
    ...(detail === null ? [] : [detail]),
  ].join(', ');

/** A row for each entry of the scenario's timeline: label, when, what came of it. */
export const timelineRows = ({
  timeline = [],
}: Pick<RunResult, 'timeline'>): (readonly [label: string, figure: string, detail: string])[] =>
  timeline.map((played) => [
    played.outcome === 'done' ? 'timeline' : 'TIMELINE',
    whenText(played),
    detailText(played),
  ]);
