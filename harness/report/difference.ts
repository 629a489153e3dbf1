import { figureAt, valueAt } from '../measure/figures.ts';
import type { RunResult } from '../result.ts';
import { estimateOf, medianOf } from '../trends/statistics.ts';
import { usualRules } from '../trends/tolerances.ts';
import { figureText } from './figure-rows.ts';

/** The figures by which runs of one setting are compared with those of another. */

const shown = [
  'totalTimeMs', 'downtimeMs', 'ram.transferred', 'roundCount', 'faults.count', 'faults.stalledMs',
].map((id) => `measurement.${id}`); // prettier-ignore

/** Fewer on either side say nothing about noise. */
const leastForInterval = 2;

const signed = (ratio: number): string => {
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) < 9.5 ? 1 : 0;
  const text = Math.abs(percent).toFixed(digits);
  return Number(text) === 0 ? '0' : `${percent > 0 ? '+' : '−'}${text}`;
};

const valuesOf = (runs: readonly RunResult[], id: string): number[] =>
  runs.map((run) => valueAt(run, id)).filter((value) => value !== null);

const same = (value: number): number => value;

/** `+12 % [+9, +14]`, in % of what was before: the medians' ratio with its 95 % confidence interval. */
const changeText = (before: readonly number[], now: readonly number[]): string => {
  if (before.length === 0 || now.length === 0) return '';
  const [from, to] = [medianOf(before, same), medianOf(now, same)];
  if (from === 0) return to === 0 ? '=' : '';
  if (Math.min(before.length, now.length) < leastForInterval)
    return Math.abs(to / from - 1) < 0.005 ? '=' : `${signed(to / from)} %`;
  const { value, low, high } = estimateOf(
    (draw) => medianOf(draw(now), same) / medianOf(draw(before), same),
    '',
    usualRules,
  );
  if (![value, low, high].every(Number.isFinite)) return '';
  return low === 1 && high === 1 ? '=' : `${signed(value)} % [${signed(low)}, ${signed(high)}]`;
};

/** A line per figure: the medians of both sides, and the change with its confidence interval. */
export const differenceText = (before: readonly RunResult[], now: readonly RunResult[]): string => {
  const lines = shown.map((id) => {
    const [from, to] = [valuesOf(before, id), valuesOf(now, id)];
    const [fromText, toText] = [from, to].map((values) =>
      figureText(id, values.length === 0 ? null : medianOf(values, same)),
    ) as [string, string];
    return `  ${figureAt(id).label.padEnd(13)} ${fromText.padStart(10)} → ${toText.padStart(10)}   ${changeText(from, to)}`.trimEnd();
  });
  const isEnough = Math.min(before.length, now.length) >= leastForInterval;
  return [
    ...lines,
    ...(isEnough ? [] : ['  one run says nothing about noise: --repeat 3 adds intervals']),
  ].join('\n');
};
