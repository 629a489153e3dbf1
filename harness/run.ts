import { diskStorageOf } from '#catalogue/disk-storages';
import { codeOf, LivemigError } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import { isStrategyFile } from '#proto/strategy';
import type { Patience } from './patience.ts';
import { defaultPatience } from './patience.ts';
import { loadProfile } from './profiles.ts';
import type { RunResult, SweepOfRun } from './result.ts';
import { tracesOf } from './run/link-extremes.ts';
import { connectClients, unlessAborted } from './run/clients.ts';
import type { DirtyHistory } from './prediction/history.ts';
import { startRun } from './run/context.ts';
import type { Run } from './run/context.ts';
import type { RunEventSink, RunPhase } from './run/events.ts';
import { identityOf } from './run/identity.ts';
import type { TestbedLender } from './run/loan.ts';
import { singleUse } from './run/loan.ts';
import { endedResult, goOnBy, startRecord } from './run/record.ts';
import type { RunnableScenario, RunRecord } from './run/record.ts';
import { playStages } from './run/stages.ts';
import { dropDisks } from './run/storage.ts';
import { configureNetworks, greetHosts } from './run/testbed.ts';
import { unjudged } from './scenario.ts';
import { loadStrategy } from './strategy-file.ts';
import { chooseDriver } from './testbed/index.ts';
import type { Testbed, TestbedDriver } from './testbed/testbed.ts';

export type { RunEvent, RunEventSink, RunPhase } from './run/events.ts';
export type { RunnableScenario } from './run/record.ts';

export interface RunOptions {
  /** Ends the run as `aborted`; the testbed is taken down first. */
  signal?: AbortSignal;
  events?: RunEventSink;
  /** Where the run stands in a sweep; goes into the result as it is. */
  sweep?: SweepOfRun;
  /** Instead of the scenario's: for tests and for benchmarks that keep one. */
  driver?: TestbedDriver;
  /** Where the run gets its testbed; by default one of its own. A sweep lends the same to several runs. */
  testbeds?: TestbedLender;
  /** Negative control: sets this link in place of the scenario's, which calibration must refuse. */
  applyInstead?: LinkProfile;
  /** Negative control: false = the storage host is a naive export, which refuses no late writer. */
  fencing?: boolean;
  /** How long to wait for what doesn't come: for tests. */
  patience?: Partial<Patience>;
  /** Gets the guest's dirty history, which is recorded then: from the warm-up to the end at the source. */
  onHistory?: (history: DirtyHistory) => void;
  /** Called on the idle, calibrated link before the guest boots: benchmarks run their peers (iperf3) here. */
  onCalibrated?: (testbed: Testbed) => Promise<void>;
}

/** @throws LivemigError UNSUPPORTED where the guest's disk is to be on what no machine has. */
const requireStorage = ({ guest: { disk } }: RunnableScenario): void => {
  const why = disk === undefined ? undefined : diskStorageOf(disk).unsupported;
  if (why !== undefined)
    throw new LivemigError('UNSUPPORTED', `guest.disk.storage: ${disk?.storage}: ${why}`);
};

/**
 * Brings a testbed up, works in it, and takes it down.
 * @throws LivemigError what kept it from coming up, or from working
 */
export const inTestbed = async <T>(
  record: RunRecord,
  profile: LinkProfile,
  options: RunOptions,
  signal: AbortSignal,
  work: (run: Run) => Promise<T>,
): Promise<T> => {
  const { scenario } = record;
  const enter = (phase: RunPhase, detail?: string): void => {
    if (phase !== 'down') record.phase = phase;
    options.events?.next({
      type: 'phase',
      atMs: record.clock.nowMs(),
      phase,
      ...(detail === undefined ? {} : { detail }),
    });
  };

  requireStorage(scenario);
  const patience = { ...defaultPatience, ...options.patience };
  const driver = options.driver ?? (await unlessAborted(chooseDriver(scenario.driver), signal));
  enter('up', driver.name);
  await using stack = new AsyncDisposableStack();
  const tell = (detail: string): void => {
    enter('up', detail);
  };
  const loan = stack.use(
    await (options.testbeds ?? singleUse).lend({ driver, profile, record, signal, tell, patience }),
  );
  const { testbed } = loan;
  goOnBy(record, testbed.clock);
  stack.defer(() => {
    if (!loan.isKept) enter('down');
  });
  const clients = connectClients(testbed, signal, patience);
  for (const client of Object.values(clients)) stack.defer(() => client.close());
  await greetHosts(clients, record);
  await configureNetworks(clients, testbed.topology, record, profile);
  const { events, applyInstead, onCalibrated, onHistory, fencing = true } = options;
  const run = startRun({
    record,
    profile,
    applyInstead,
    onCalibrated,
    onHistory,
    fencing,
    loan,
    clients,
    signal,
    patience,
    events,
    enter,
  });
  // The testbed is taken down once the work is done.
  return await work(run);
};

const runInStages = async (run: Run): Promise<RunResult> => {
  const { result, failure, atRest } = await playStages(run);
  // The one failure that is an answer: the testbed did all it should, and nothing is at work in it any more.
  if (result !== null || (codeOf(failure) === 'NOT_CONVERGED' && atRest)) {
    // A testbed whose disks can't be dropped is taken down with them.
    const isClean = await dropDisks(run).then(
      () => true,
      () => false,
    );
    if (isClean) run.loan.keep();
  }
  if (result === null) throw failure;
  return result;
};

/**
 * One run from nothing to nothing: up, link, calibrate, boot, warm up, migrate, collect, verify, down. Whatever
 * happens ends in a result; the testbed is always taken down.
 * @throws LivemigError BAD_INPUT, as nothing was run then.
 */
export const runScenario = async (asked: RunnableScenario, options: RunOptions = {}): Promise<RunResult> => {
  const scenario = unjudged(asked);
  const { sweep = null } = options;
  const identity = identityOf(scenario, sweep, options.driver?.name ?? scenario.driver);
  const record = startRecord(scenario, sweep, identity);
  const signal = options.signal ?? new AbortController().signal;
  try {
    const profile = loadProfile(scenario.link);
    record.link.definition = profile;
    record.traces = tracesOf(scenario.timeline ?? []);
    if (isStrategyFile(scenario.strategy)) {
      const { text, sha256 } = await loadStrategy(scenario.strategy);
      record.strategyText = text;
      record.environment.strategySha256 = sha256;
    }
    return await inTestbed(record, profile, options, signal, runInStages);
  } catch (error) {
    if (codeOf(error) === 'BAD_INPUT') throw error;
    return endedResult(record, error);
  }
};
