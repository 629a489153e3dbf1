import { figureAt, valueAt } from '../measure/figures.ts';
import type { RunResult } from '../result.ts';
import { figureText } from './figure-rows.ts';

/** What a run cost, against the one before it. */

const shown = [
  'totalTimeMs', 'downtimeMs', 'ram.transferred', 'roundCount', 'faults.count', 'faults.stalledMs',
].map((id) => `measurement.${id}`); // prettier-ignore

const changeText = (before: number, now: number): string => {
  if (before === 0) return now === 0 ? '=' : '';
  const percent = (now / before - 1) * 100;
  return Math.abs(percent) < 0.5 ? '=' : `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(0)} %`;
};

/** A line for each figure: before, now, and the change. One run each says nothing of noise. */
export const differenceText = (before: RunResult, now: RunResult): string =>
  shown
    .map((id) => {
      const [from, to] = [valueAt(before, id) ?? 0, valueAt(now, id) ?? 0];
      const [fromText, toText] = [figureText(id, from), figureText(id, to)];
      return `  ${figureAt(id).label.padEnd(13)} ${fromText.padStart(10)} → ${toText.padStart(10)}   ${changeText(from, to)}`.trimEnd();
    })
    .join('\n');
