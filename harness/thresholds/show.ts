import type { ThresholdVerdict } from './judge.ts';
import { nameOfFigure } from './threshold.ts';
import type { Threshold } from './threshold.ts';
import { figureText } from '../report/figure-rows.ts';
import { formatCount } from '../format.ts';

/** Verdicts for people. */

/** `downtimeMs p95 < 300` */
export const thresholdText = ({ figure, text }: Pick<Threshold, 'figure' | 'text'>): string =>
  `${nameOfFigure(figure)} ${text}`;

/** `212 ms in 5 runs; 1 of 5 runs did not complete (1 invalid)` */
export const foundText = ({ figure, aggregate, measured, runs, why }: ThresholdVerdict): string => {
  const value =
    aggregate === 'count' && measured !== null ? formatCount(measured) : figureText(figure, measured);
  const of = `${value} in ${runs.measured} run${runs.measured === 1 ? '' : 's'}`;
  return why === null ? of : `${of}; ${why}`;
};

/** `1 of 2 thresholds holds` */
export const countText = (verdicts: readonly ThresholdVerdict[]): string => {
  const kept = verdicts.filter(({ holds }) => holds).length;
  return `${kept} of ${verdicts.length} threshold${verdicts.length === 1 ? '' : 's'} ${kept === 1 ? 'holds' : 'hold'}`;
};

/** One line each. */
const verdictLines = (verdicts: readonly ThresholdVerdict[]): string[] => {
  const width = Math.max(...verdicts.map((verdict) => thresholdText(verdict).length));
  return verdicts.map(
    (verdict) =>
      `  ${verdict.holds ? 'holds' : 'FAILS'}  ${thresholdText(verdict).padEnd(width)}  ${foundText(verdict)}`,
  );
};

export const thresholdsText = (verdicts: readonly ThresholdVerdict[]): string =>
  [countText(verdicts), ...verdictLines(verdicts)].join('\n');
