import type { ErrorCode } from '#proto/errors';
import type { RunResult } from '../result.ts';
import { nextStep } from './bisection.ts';
import type { Step } from './bisection.ts';
import type { Meaning } from './tries.ts';
import { isGivenUp, meaningOf } from './tries.ts';
import type { Labels } from './document.ts';
import type { Block, SearchTrials, Trial } from './plan.ts';
import { keyOf } from './plan.ts';

/** What is kept of a completed run. */
export interface MadeRun {
  runId: string;
  part: string;
  labels: Labels;
  repeat: number;
  state: RunResult['state'];
  errorCode: ErrorCode | null;
  /** Without the calibration, which is the block's rather than the run's. */
  durationMs: number;
}

export const madeRun = (
  result: Pick<RunResult, 'runId' | 'state' | 'durationMs' | 'sweep'> & {
    error: { code: ErrorCode } | null;
    link: { calibration: { durationMs: number } | null };
  },
): MadeRun | null =>
  result.sweep === null
    ? null
    : {
        runId: result.runId,
        part: result.sweep.part,
        labels: result.sweep.cell,
        repeat: result.sweep.repeat,
        state: result.state,
        errorCode: result.error?.code ?? null,
        durationMs: result.durationMs - (result.link.calibration?.durationMs ?? 0),
      };

const keyOfTrial = ({ part, labels, repeat }: Pick<Trial, 'part' | 'labels' | 'repeat'>): string =>
  keyOf(part, labels, repeat);

/** Records which trials are answered. */
export class Ledger {
  readonly #answers = new Map<string, MadeRun>();
  /** Inconclusive runs of this invocation; earlier ones don't count against a trial. */
  readonly #failures = new Map<string, Meaning[]>();
  readonly #retries: number;

  /** @param stored runs of earlier invocations. */
  constructor(retries: number, stored: readonly MadeRun[] = []) {
    this.#retries = retries;
    for (const run of stored) if (meaningOf(run) === 'answer') this.#answers.set(keyOfTrial(run), run);
  }

  add(run: MadeRun): void {
    const key = keyOfTrial(run);
    const meaning = meaningOf(run);
    if (meaning === 'answer') this.#answers.set(key, run);
    else this.#failures.set(key, [...(this.#failures.get(key) ?? []), meaning]);
  }

  /** Withdraws answers that turned out to be none; returns them. */
  refute(runIds: readonly string[]): MadeRun[] {
    const refuted = [...this.#answers].filter(([, { runId }]) => runIds.includes(runId));
    for (const [key] of refuted) {
      this.#answers.delete(key);
      this.#failures.set(key, [...(this.#failures.get(key) ?? []), 'doubt']);
    }
    return refuted.map(([, run]) => run);
  }

  answerTo(trial: Pick<Trial, 'part' | 'labels' | 'repeat'>): MadeRun | undefined {
    return this.#answers.get(keyOfTrial(trial));
  }

  failuresOf(trial: Trial): readonly Meaning[] {
    return this.#failures.get(keyOfTrial(trial)) ?? [];
  }

  /** Unanswered, and no longer tried. */
  isGivenUp(trial: Trial): boolean {
    return this.answerTo(trial) === undefined && isGivenUp(this.failuresOf(trial), this.#retries);
  }

  #outcomesOf({ search, repeat }: SearchTrials): Map<number, boolean> {
    const { part, labels, bisect } = search;
    const mine = [...this.#answers.values()].filter(
      (run) =>
        run.part === part &&
        run.repeat === repeat &&
        Object.entries(labels).every(([axis, label]) => run.labels[axis] === label),
    );
    return new Map(mine.map((run) => [Number(run.labels[bisect.axis]), run.state === 'completed']));
  }

  /** The state of a search. */
  stepOf(trials: SearchTrials): Step {
    return nextStep(trials.search.bisect, this.#outcomesOf(trials));
  }

  /** Number of values of a search with an outcome. */
  evaluationsOf(trials: SearchTrials): number {
    return this.#outcomesOf(trials).size;
  }

  /** The next trial of a block; null if all are answered or given up. First attempts come before retries. */
  next(block: Block): Trial | null {
    if (block.kind === 'search') {
      const step = this.stepOf(block.search);
      const trial = 'evaluate' in step ? block.search.trialAt(step.evaluate) : null;
      return trial === null || this.isGivenUp(trial) ? null : trial;
    }
    const open = block.trials.filter((trial) => this.answerTo(trial) === undefined && !this.isGivenUp(trial));
    const fewest = Math.min(...open.map((trial) => this.failuresOf(trial).length));
    return open.find((trial) => this.failuresOf(trial).length === fewest) ?? null;
  }

  isComplete(block: Block): boolean {
    return block.kind === 'search'
      ? !('evaluate' in this.stepOf(block.search))
      : block.trials.every((trial) => this.answerTo(trial) !== undefined);
  }
}
