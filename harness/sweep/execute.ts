import { Subject } from 'rxjs';
import { codeOf, LivemigError } from '../../proto/errors.ts';
import type { RunEvent } from '../run/events.ts';
import type { KeptTestbed, Refuted } from '../run/kept-testbed.ts';
import { endedResult, startRecord } from '../run/record.ts';
import type { RunResult, SweepOfRun } from '../result.ts';
import type { RunOptions } from '../run.ts';
import type { Ledger, MadeRun } from './ledger.ts';
import { madeRun } from './ledger.ts';
import { memoryProblem } from './memory.ts';
import type { Block, Trial } from './plan.ts';
import { keyOf } from './plan.ts';
import type { ResultSet } from './result-set.ts';
import type { Meaning } from './tries.ts';
import { meaningOf } from './tries.ts';

/** Whoever watches a sweep. */
export interface SweepWatcher {
  /** A run begins; what it tells goes through `events`. */
  began(trial: Trial, events: Subject<RunEvent>): void;
  /** It ended and is stored. */
  ended(trial: Trial, result: RunResult, meaning: Meaning): void;
  /** Runs that were believed turned out to have been made over a wrong link. */
  refuted(runs: readonly MadeRun[], reasons: readonly string[]): void;
}

export interface SweepOptions {
  blocks: readonly Block[];
  ledger: Ledger;
  set: ResultSet;
  about: Pick<SweepOfRun, 'name' | 'experiment' | 'guestScale'>;
  signal: AbortSignal;
  watcher: SweepWatcher;
  run: (trial: Trial, options: RunOptions) => Promise<RunResult>;
  keepTestbed: () => Pick<KeptTestbed, 'lend' | 'close' | 'takeRefuted'> & AsyncDisposable;
  /** Memory that the machine has to give, in bytes. */
  availableBytes: () => number;
}

type Kept = ReturnType<SweepOptions['keepTestbed']>;

/** Runs what has no answer yet, block by block, until everything has or is given up. Aborted, it returns early. */
export const runSweep = async (options: SweepOptions): Promise<void> => {
  const { blocks, signal } = options;
  const sweep = new Sweep(options);
  for (const block of blocks) {
    if (signal.aborted) return;
    await sweep.runBlock(block);
  }
};

class Sweep {
  readonly #options: SweepOptions;
  #order: number;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#order = options.set.made.length;
  }

  async runBlock(block: Block): Promise<void> {
    const { ledger, signal, keepTestbed } = this.#options;
    if (ledger.next(block) === null) return;
    // Before the testbed is up: what its guests hold, each run gives back to the next.
    const availableBytes = this.#options.availableBytes();
    await using kept = keepTestbed();
    while (!signal.aborted) {
      const trial = ledger.next(block);
      if (trial !== null) {
        await this.#runTrial(trial, kept, availableBytes);
        await this.#takeBack(kept.takeRefuted());
        continue;
      }
      await this.#close(kept);
      // What the closing throughput refuted is run again, in a new testbed.
      if (ledger.next(block) === null) return;
    }
  }

  async #close(kept: Kept): Promise<void> {
    const { signal } = this.#options;
    try {
      await kept.close(signal);
    } catch (error) {
      if (codeOf(error) !== 'CANCELLED') throw error;
    }
    await this.#takeBack(kept.takeRefuted());
  }

  async #takeBack(refuted: Refuted | null): Promise<void> {
    if (refuted === null) return;
    const { set, ledger, watcher } = this.#options;
    await set.invalidate(refuted.runIds, refuted.reasons);
    watcher.refuted(ledger.refute(refuted.runIds), refuted.reasons);
  }

  async #runTrial(trial: Trial, kept: Kept, availableBytes: number): Promise<void> {
    const { set, signal, watcher, run } = this.#options;
    const sweep = this.#sweepOf(trial);
    const problem = memoryProblem(trial.scenario, availableBytes);
    if (problem !== null) {
      const refused = endedResult(
        startRecord(trial.scenario, sweep),
        new LivemigError('UNSUPPORTED', problem),
      );
      if (!this.#wasRefusedBefore(trial)) await set.append(refused);
      this.#note(trial, refused);
      return;
    }
    const events = new Subject<RunEvent>();
    const recording = await set.record(events);
    try {
      watcher.began(trial, events);
      const result = await run(trial, { signal, events, sweep, testbeds: kept });
      // An aborted run says nothing, not even that anything went wrong.
      if (result.state === 'aborted') return;
      await recording.finish(result);
      this.#note(trial, result);
    } finally {
      events.complete();
      await recording.discard();
    }
  }

  #note(trial: Trial, result: RunResult): void {
    const { ledger, watcher } = this.#options;
    this.#order += 1;
    const made = madeRun(result);
    if (made === null) throw new LivemigError('INTERNAL', "a run of a sweep doesn't say which");
    ledger.add(made);
    watcher.ended(trial, result, meaningOf(made));
  }

  /** A set that is gone on with again and again on a small machine needn't say so again and again. */
  #wasRefusedBefore({ part, labels, repeat }: Trial): boolean {
    const key = keyOf(part, labels, repeat);
    return this.#options.set.made.some(
      (run) => run.state === 'unsupported' && keyOf(run.part, run.labels, run.repeat) === key,
    );
  }

  #sweepOf({ part, labels, repeat }: Trial): SweepOfRun {
    const { set, about } = this.#options;
    return { sweepId: set.sweepId, ...about, part, cell: labels, repeat, order: this.#order };
  }
}
