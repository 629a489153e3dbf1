import type { RunResult } from '../result.ts';
import { badInput } from '../scenario.ts';
import { splitThresholds } from '../scenario/shorthand.ts';
import type { ThresholdVerdict } from '../thresholds/judge.ts';
import { judgeThresholds } from '../thresholds/judge.ts';
import { readThresholds } from '../thresholds/threshold.ts';

/** Bounds on figures, as a scenario has them: `{ downtimeMs: ['p95 < 300', 'med < 200'], 'ram.transferred': '< 2 GiB' }`. */
export type Thresholds = Readonly<Record<string, string | readonly string[]>>;

/**
 * Judges thresholds over repeated runs (docs/ci.md). One doesn't hold if a run did not complete, or has no such figure.
 * @param thresholds a document, or as after `--thresholds`: `downtimeMs: p95 < 300; totalTimeMs: < 20s`.
 * @throws LivemigError BAD_INPUT with every problem.
 */
export const judge = (runs: readonly RunResult[], thresholds: Thresholds | string): ThresholdVerdict[] => {
  const section = typeof thresholds === 'string' ? splitThresholds(thresholds) : thresholds;
  const { thresholds: read, problems } = readThresholds(section);
  if (problems.length > 0)
    throw badInput('thresholds', problems.map(({ name, problem }) => `${name}: ${problem}`)); // prettier-ignore
  return judgeThresholds(read, runs);
};
