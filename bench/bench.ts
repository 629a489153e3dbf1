import { median } from '#harness/median';
import { loadScenario } from '#harness/scenario';
import type { RunOptions, RunnableScenario } from '#harness/run';
import { runScenario } from '#harness/run';
import type { RunResult } from '#harness/result';
import { LivemigError } from '#proto/errors';

/** One line of the table: what was measured, next to its target. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** Whether more or less is better, and the target; null = no target. */
  target: { atLeast: number } | { atMost: number } | null;
  /** How the value is made up, so that the figure can be judged. */
  from: string;
}

/** A group of figures that are measured together. */
export interface Benchmark {
  name: string;
  about: string;
  run: (driver: string) => Promise<Figure[]>;
}

export type CompletedRun = Extract<RunResult, { state: 'completed' }>;

/** A run is repeated when noise on the machine makes its calibration fail, but not for ever. */
const attemptsMax = 3;

type AnsweringRun = Extract<RunResult, { state: 'completed' | 'failed' }>;

const explain = ({ state, error }: RunResult): string => `${state}: ${error?.message ?? ''}`;

/**
 * Runs a scenario, given as a scenario file's document, until a run has an answer: it completes, or the migration
 * fails.
 * @throws LivemigError with the run's own error when no attempt does.
 */
export const runToAnswer = async (
  document: Record<string, unknown>,
  options: RunOptions = {},
): Promise<AnsweringRun> => {
  const scenario: RunnableScenario = await loadScenario(undefined, document);
  for (let attempt = 1; ; attempt++) {
    const result = await runScenario(scenario, options);
    if (result.state === 'completed' || result.state === 'failed') return result;
    if (result.state !== 'invalid' || attempt === attemptsMax)
      throw new LivemigError(result.error.code, explain(result));
    process.stderr.write(`  attempt ${attempt} is ${explain(result)}\n`);
  }
};

/** The same, but the migration has to succeed. @throws LivemigError with the run's own error when it doesn't. */
export const runOnce = async (
  document: Record<string, unknown>,
  options: RunOptions = {},
): Promise<CompletedRun> => {
  const result = await runToAnswer(document, options);
  if (result.state === 'completed') return result;
  throw new LivemigError(result.error.code, explain(result));
};

/** Total time of a migration in ms: the median of this many runs. */
export const medianTotalTimeMs = async (
  repetitions: number,
  document: Record<string, unknown>,
): Promise<number> => {
  const times: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++)
    times.push((await runOnce(document)).measurement.totalTimeMs);
  return median(times);
};

/** Calibrated RTT of a run in ms. */
export const rttMsOf = ({ link }: CompletedRun): number => link.calibration?.rttMs ?? Number.NaN;

export const reaches = ({ value, target }: Figure): boolean =>
  target === null || ('atLeast' in target ? value >= target.atLeast : value <= target.atMost);
