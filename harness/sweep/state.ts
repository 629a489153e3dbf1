import { profileReader } from '../profiles.ts';
import type { RunResult } from '../result.ts';
import { Pace } from './estimate.ts';
import { Ledger, madeRun } from './ledger.ts';
import type { MadeRun } from './ledger.ts';
import type { Block, Trial } from './plan.ts';
import { keyOf } from './plan.ts';
import type { CellStanding } from './standing.ts';
import { countRuns, standings } from './standing.ts';
import type { SweepProgress } from './text.ts';

/** Runs of earlier invocations refine the estimates, if the plan still has their trials. */
const notePace = (pace: Pace, blocks: readonly Block[], made: readonly MadeRun[]): void => {
  const trials = new Map(
    blocks
      .flatMap((block) => (block.kind === 'trials' ? block.trials : []))
      .map((trial) => [keyOf(trial.part, trial.labels, trial.repeat), trial]),
  );
  for (const run of made) {
    const trial = trials.get(keyOf(run.part, run.labels, run.repeat));
    if (trial !== undefined && run.state === 'completed') pace.note(run, trial.scenario);
  }
};

/** The progress of a sweep: what is answered, what is left, and how long that will take. */
export class SweepState {
  readonly blocks: readonly Block[];
  readonly ledger: Ledger;
  readonly #pace = new Pace(profileReader());

  constructor(blocks: readonly Block[], retries: number, made: readonly MadeRun[]) {
    this.blocks = blocks;
    this.ledger = new Ledger(retries, made);
    notePace(this.#pace, blocks, made);
  }

  note({ scenario }: Trial, result: RunResult): void {
    const made = madeRun(result);
    if (made !== null && result.state === 'completed') this.#pace.note(made, scenario);
  }

  get progress(): SweepProgress {
    return {
      ...countRuns(this.blocks, this.ledger),
      remainingMs: this.#pace.remainingMs(this.blocks, this.ledger),
    };
  }

  get cells(): CellStanding[] {
    return standings(this.blocks, this.ledger);
  }

  /** Blocks with runs left. */
  get openBlocks(): Block[] {
    return this.blocks.filter((block) => this.ledger.next(block) !== null);
  }

  get isComplete(): boolean {
    return this.blocks.every((block) => this.ledger.isComplete(block));
  }
}
