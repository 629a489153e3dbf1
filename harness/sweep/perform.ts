import { KeptTestbed } from '../run/kept-testbed.ts';
import { runScenario } from '../run.ts';
import { chooseDriver } from '../testbed/index.ts';
import type { TestbedDriver } from '../testbed/testbed.ts';
import type { SweepWatcher } from './execute.ts';
import { runSweep } from './execute.ts';
import { refusedCells } from './memory.ts';
import type { RefusedCell } from './memory.ts';
import { planDocument } from './plan.ts';
import type { PreparedSweep } from './prepare.ts';
import { checkIdentity, openResultSet, readHeader, runsFileOf } from './result-set.ts';
import { readRuns } from './runs-file.ts';
import { SweepState } from './state.ts';

export interface BegunSweep {
  state: SweepState;
  /** Cells that this machine has too little memory for. */
  refused: readonly RefusedCell[];
  /** An earlier harness was killed while it wrote its last result, which is lost. */
  isTorn: boolean;
  /** What is to be told of other lines that were never whole. */
  torn: readonly string[];
}

export interface PerformOptions {
  /** The set's directory. */
  out: string;
  /** Put aside what is there, and begin again. */
  fresh: boolean;
  signal: AbortSignal;
  /** Who watches, as soon as it is known how far the sweep is. */
  watch: (begun: BegunSweep) => SweepWatcher;
}

/** The set's own, where the file and the command line leave it open. */
const driverFor = async (prepared: PreparedSweep, out: string, fresh: boolean): Promise<TestbedDriver> => {
  const header = fresh ? null : await readHeader(out);
  return chooseDriver(prepared.driver === 'auto' ? (header?.driver ?? 'auto') : prepared.driver);
};

/** Hosts that run elsewhere have memory of their own. */
const availableBytesOf = (driver: PreparedSweep['driver']): number =>
  driver === 'attach' ? Infinity : process.availableMemory();

/** How far a sweep is, and which cells this machine can't do; touches nothing. */
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
 * Runs what a sweep still lacks, into its directory.
 * @throws LivemigError BAD_INPUT where the directory is of no use, UNSUPPORTED where no driver works
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
  await runSweep({
    blocks,
    ledger: state.ledger,
    set,
    about: { name, experiment, guestScale },
    signal,
    watcher: watch({ state, refused, isTorn: set.isTorn, torn: set.torn }),
    run: ({ scenario }, options) => runScenario(scenario, { ...options, driver }),
    keepTestbed: () => new KeptTestbed(),
    availableBytes: () => availableBytesOf(driver.name),
  });
  return { state, sweepId: set.sweepId };
};
