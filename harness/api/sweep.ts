import { join } from 'node:path';
import type { Subject } from 'rxjs';
import type { RunEvent } from '../run/events.ts';
import type { RunResult } from '../result.ts';
import { readResults } from '../results.ts';
import { defaultOut } from '../store.ts';
import { sweepFileOf } from '../studies/sweep-file.ts';
import { performSweep } from '../sweep/perform.ts';
import type { BegunSweep } from '../sweep/perform.ts';
import type { Trial } from '../sweep/plan.ts';
import { prepareSweep } from '../sweep/prepare.ts';
import { runsFileOf } from '../sweep/result-set.ts';
import type { CellStanding } from '../sweep/standing.ts';
import type { SweepProgress } from '../sweep/text.ts';
import type { Observed } from './observed.ts';
import { observed } from './observed.ts';
import type { ScenarioInput } from './run.ts';

export interface SweepSettings {
  /** The directory of the results, also to resume; default `results/` and the sweep's name. */
  out?: string;
  /** The study's quick sweep. */
  quick?: boolean;
  /** Only these parts of the sweep. */
  only?: readonly string[];
  /** Repetitions of every cell, instead of the file's. */
  repeats?: number;
  /** Of the order and of the runs, instead of the file's. */
  seed?: number;
  /** How often to repeat an inconclusive run. */
  retries?: number;
  /** Link, driver or backend of every cell. */
  overrides?: Pick<ScenarioInput, 'link' | 'driver' | 'backend'>;
  /** Start over, and move existing results aside. */
  fresh?: boolean;
  /** Ends the sweep after the run's testbed is taken down; the same call later resumes it. */
  signal?: AbortSignal;
}

export type TrialOfSweep = Pick<Trial, 'part' | 'labels' | 'repeat'>;

/** What happens in a sweep. */
export type SweepEvent =
  | { type: 'began'; trial: TrialOfSweep }
  /** Of the run under way. */
  | { type: 'run'; trial: TrialOfSweep; event: RunEvent }
  | { type: 'ended'; trial: TrialOfSweep; result: RunResult; progress: SweepProgress }
  /** Runs whose link turned out wrong afterwards; they are repeated. */
  | { type: 'refuted'; trials: readonly TrialOfSweep[]; reasons: readonly string[] };

export interface SweepOutcome {
  sweepId: string;
  /** The directory of the results. */
  out: string;
  /** Whether every cell has all of its runs. */
  isComplete: boolean;
  cells: readonly CellStanding[];
  /** All runs of the directory, earlier ones too. */
  runs: readonly RunResult[];
}

const trialOf = ({ part, labels, repeat }: TrialOfSweep): TrialOfSweep => ({ part, labels, repeat });

const watcherOf =
  (events: Subject<SweepEvent>) =>
  ({ state }: BegunSweep) => ({
    preparing: () => undefined,
    began: (trial: Trial, told: Subject<RunEvent>) => {
      events.next({ type: 'began', trial: trialOf(trial) });
      told.subscribe((event) => {
        events.next({ type: 'run', trial: trialOf(trial), event });
      });
    },
    ended: (trial: Trial, result: RunResult) => {
      state.note(trial, result);
      events.next({ type: 'ended', trial: trialOf(trial), result, progress: state.progress });
    },
    refuted: (runs: readonly TrialOfSweep[], reasons: readonly string[]) => {
      events.next({ type: 'refuted', trials: runs.map(trialOf), reasons });
    },
  });

/**
 * Runs what is left of a sweep, into a directory. An interrupted one is resumed by the same call.
 * @param sweep a study's name or folder, or the path of a sweep file.
 * @throws LivemigError BAD_INPUT with every problem, before anything runs; UNSUPPORTED where no driver works here;
 *   STORAGE_FAILED where a result can't be stored.
 */
export const sweep = (word: string, settings: SweepSettings = {}): Observed<SweepOutcome, SweepEvent> =>
  observed(async (events) => {
    const { quick = false, only = null, repeats = null, seed = null, retries = null } = settings;
    const { overrides = {}, fresh = false, signal = new AbortController().signal } = settings;
    const problems: string[] = [];
    const file = await sweepFileOf({ word, isQuick: quick, quickName: 'quick' }, problems);
    const prepared = await prepareSweep(file, { overrides, only, repeats, seed, retries }, problems);
    const { out = join(defaultOut, prepared.definition.name) } = settings;
    const { state, sweepId } = await performSweep(prepared, { out, fresh, signal, watch: watcherOf(events) });
    const { cells, isComplete } = state;
    const hasRuns = cells.some(({ answered }) => answered > 0);
    return { sweepId, out, isComplete, cells, runs: hasRuns ? await readResults([runsFileOf(out)]) : [] };
  });
