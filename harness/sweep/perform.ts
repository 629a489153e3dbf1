import { KeptTestbed } from '../run/kept-testbed.ts';
import { runScenario } from '../run.ts';
import { chooseDriver } from '../testbed/index.ts';
import type { TestbedDriver } from '../testbed/testbed.ts';
import type { SweepWatcher } from './execute.ts';
import { runSweep } from './execute.ts';
import { refusedCells } from './memory.ts';
import type { RefusedCell } from './memory.ts';
import type { Trial } from './plan.ts';
import { planDocument } from './plan.ts';
import { makePredictions } from './predictions.ts';
import type { PreparedSweep } from './prepare.ts';
import { checkIdentity, openResultSet, predictionsOf, readHeader, runsFileOf } from './result-set.ts';
import { readRuns } from './runs-file.ts';
import { SweepState } from './state.ts';

export interface BegunSweep {
  state: SweepState;
  /** Cells that need more memory than this machine has. */
  refused: readonly RefusedCell[];
  /** An earlier harness was killed while it wrote its last result, which is lost. */
  isTorn: boolean;
  /** Reports of other incomplete lines. */
  torn: readonly string[];
}

/** An observer of what comes before a sweep's runs. */
export interface PreparationWatcher {
  /** What is being done for the predictions. */
  preparing(what: string): void;
}

export interface PerformOptions {
  /** The set's directory. */
  out: string;
  /** Move existing results aside, and start over. */
  fresh: boolean;
  signal: AbortSignal;
  /** Creates the observer, once the sweep's progress is known. */
  watch: (begun: BegunSweep) => SweepWatcher & PreparationWatcher;
}

/** The set's driver, if the file and the command line leave it open. */
const driverFor = async (prepared: PreparedSweep, out: string, fresh: boolean): Promise<TestbedDriver> => {
  const header = fresh ? null : await readHeader(out);
  return chooseDriver(prepared.driver === 'auto' ? (header?.driver ?? 'auto') : prepared.driver);
};

/** Hosts that run elsewhere have their own memory. */
const availableBytesOf = (driver: PreparedSweep['driver']): number =>
  driver === 'attach' ? Infinity : process.availableMemory();

/** A sweep's progress, and the cells that this machine can't run; read-only. */
export const inspectSweep = async (
  prepared: PreparedSweep,
  { out, fresh }: Pick<PerformOptions, 'out' | 'fresh'>,
): Promise<{ state: SweepState; refused: RefusedCell[] }> => {
  const header = fresh ? null : await readHeader(out);
  if (header !== null) checkIdentity(header, prepared.identity, out);
  const made = header === null ? [] : (await readRuns(runsFileOf(out))).runs;
  const state = new SweepState(prepared.blocks, prepared.definition.retries, made);
  return {
    state,
    refused: refusedCells(prepared.blocks, availableBytesOf(header?.driver ?? prepared.driver)),
  };
};

/**
 * Runs the remaining runs of a sweep, into its directory.
 * @throws LivemigError BAD_INPUT if the directory is unusable, UNSUPPORTED if no driver works
 */
export const performSweep = async (
  prepared: PreparedSweep,
  { out, fresh, signal, watch }: PerformOptions,
): Promise<{ state: SweepState; sweepId: string }> => {
  const { definition, blocks, allBlocks, identity, document } = prepared;
  const driver = await driverFor(prepared, out, fresh);
  const wanted = {
    identity,
    driver: driver.name,
    definition: document,
    plan: planDocument(allBlocks),
  };
  await using set = await openResultSet(out, wanted, { fresh });
  const state = new SweepState(blocks, definition.retries, set.made);
  const refused = refusedCells(blocks, availableBytesOf(driver.name));
  const { name, experiment, guestScale } = definition;
  const watcher = watch({ state, refused, isTorn: set.isTorn, torn: set.torn });
  const isOpen = (trial: Trial): boolean => state.ledger.answerTo(trial) === undefined;
  const predictedOf = await makePredictions({
    trials: blocks.flatMap((block) => (block.kind === 'trials' ? block.trials.filter(isOpen) : [])),
    directory: predictionsOf(out),
    seed: definition.seed,
    retries: definition.retries,
    driver,
    signal,
    tell: (what) => {
      watcher.preparing(what);
    },
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
  if (predictedOf === undefined) return { state, sweepId: set.sweepId };
  await runSweep({
    blocks,
    ledger: state.ledger,
    set,
    about: { name, experiment, guestScale },
    signal,
    watcher,
    predictedOf,
    run: ({ scenario }, options) => runScenario(scenario, { ...options, driver }),
    keepTestbed: () => new KeptTestbed(),
    availableBytes: () => availableBytesOf(driver.name),
  });
  return { state, sweepId: set.sweepId };
};
