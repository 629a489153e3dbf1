import { Subject } from 'rxjs';
import { codeOf, LivemigError } from '#proto/errors';
import type { RunEvent } from '../run/events.ts';
import type { KeptTestbed, Refuted } from '../run/kept-testbed.ts';
import { endedResult, startRecord } from '../run/record.ts';
import type { RunResult, SweepOfRun } from '../result.ts';
import type { PredictedOfRun } from '../result/sweep.ts';
import type { RunOptions } from '../run.ts';
import type { Ledger, MadeRun } from './ledger.ts';
import { madeRun } from './ledger.ts';
import { memoryProblem } from './memory.ts';
import type { Block, Trial } from './plan.ts';
import { keyOf } from './plan.ts';
import type { ResultSet } from './result-set.ts';
import type { Meaning } from './tries.ts';
import { meaningOf } from './tries.ts';

/** An observer of a sweep. */
export interface SweepWatcher {
  /** A run begins; its events go through `events`. */
  began(trial: Trial, events: Subject<RunEvent>): void;
  /** It ended and is stored. */
  ended(trial: Trial, result: RunResult, meaning: Meaning): void;
  /** Accepted runs turned out to have used a wrong link. */
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
  /** What was predicted of a trial's run. */
  predictedOf?: (trial: Trial) => PredictedOfRun[] | undefined;
  keepTestbed: () => Pick<KeptTestbed, 'lend' | 'close' | 'takeRefuted'> & AsyncDisposable;
  /** Available memory, in bytes. */
  availableBytes: () => number;
}

type Kept = ReturnType<SweepOptions['keepTestbed']>;

/** Runs unanswered trials, block by block, until all are answered or given up. Returns early if aborted. */
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
    // Before the testbed is up, as each run leaves its guests' memory to the next.
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
      // Runs refuted by the closing throughput are repeated in a new testbed.
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
      // An aborted run is inconclusive, and no failure either.
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
    if (made === null) throw new LivemigError('INTERNAL', "a run of a sweep doesn't identify its trial");
    ledger.add(made);
    watcher.ended(trial, result, meaningOf(made));
  }

  /** Reported once: a set may be resumed many times on a small machine. */
  #wasRefusedBefore({ part, labels, repeat }: Trial): boolean {
    const key = keyOf(part, labels, repeat);
    return this.#options.set.made.some(
      (run) => run.state === 'unsupported' && keyOf(run.part, run.labels, run.repeat) === key,
    );
  }

  #sweepOf(trial: Trial): SweepOfRun {
    const { part, labels, searched, repeat } = trial;
    const { set, about, predictedOf } = this.#options;
    const ofSearch = searched === undefined ? {} : { searched };
    const predicted = predictedOf?.(trial);
    return {
      sweepId: set.sweepId,
      ...about,
      part,
      cell: labels,
      ...ofSearch,
      repeat,
      ...(predicted === undefined ? {} : { predicted }),
      order: this.#order,
    };
  }
}
