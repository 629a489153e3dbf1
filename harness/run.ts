import { merge, Subscription } from 'rxjs';
import { codeOf, messageOf } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import type { LinkProfile } from '../proto/link.ts';
import { isStrategyFile } from '../proto/strategy.ts';
import { monotonicMs } from '../proto/units.ts';
import { linkCutsOf, roundsOf } from './measure/series.ts';
import { loadProfile } from './profiles.ts';
import type { RunResult, SweepOfRun } from './result.ts';
import type { Clients } from './run/clients.ts';
import { connectClients } from './run/clients.ts';
import { conclude, migrationErrorOf, withDamage } from './run/conclude.ts';
import type { RunEventSink, RunPhase } from './run/events.ts';
import { calibrateLink } from './run/link.ts';
import type { Loan, TestbedLender } from './run/loan.ts';
import { singleUse } from './run/loan.ts';
import { bootGuests, collect, migrateGuest, stopObserving, warmUp } from './run/migration.ts';
import { observerPaceOf } from './run/observer-pace.ts';
import { endedResult, startRecord } from './run/record.ts';
import type { RunnableScenario, RunRecord } from './run/record.ts';
import { announceRun } from './run/running.ts';
import { configureNetworks, greetHosts } from './run/testbed.ts';
import {
  linkFiguresOf,
  migrationTimeoutMs,
  tcpBufferMaxBytesOf,
  timeoutsOf,
  transferConfigOf,
} from './run/transfer.ts';
import { pageCountOf, verifyGuest } from './run/verification.ts';
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
  /** Called on the idle, calibrated link before the guest boots: benchmarks run their peers (iperf3) here. */
  onCalibrated?: (testbed: Testbed) => Promise<void>;
}

interface Run {
  options: RunOptions;
  record: RunRecord;
  profile: LinkProfile;
  loan: Loan;
  clients: Clients;
  signal: AbortSignal;
  /** What the agents have told so far. */
  told: AgentEvent[];
  enter: (phase: RunPhase, detail?: string) => void;
}

/** From a shaped link to a verdict. */
const migrateOnce = async ({
  options,
  record,
  profile,
  loan,
  clients,
  signal,
  told,
  enter,
}: Run): Promise<RunResult> => {
  const { scenario, environment } = record;
  const { topology } = loan.testbed;

  const { applyInstead } = options;
  const shape = { clients, topology, profile, record, enter, applyInstead };
  const calibration = await calibrateLink(shape, loan);
  await options.onCalibrated?.(loan.testbed);
  const link = linkFiguresOf(profile, calibration);
  const transfer = transferConfigOf(link, scenario.transfer);
  const { channels, bulkWindowBytes, roundEndWindowBytes, postcopyWindowBytes } = transfer;
  const tcpBufferMaxBytes = tcpBufferMaxBytesOf(profile);
  environment.transfer = {
    channels,
    bulkWindowBytes,
    roundEndWindowBytes,
    postcopyWindowBytes,
    tcpBufferMaxBytes,
  };

  const lastsMs = scenario.warmupMs + migrationTimeoutMs(scenario, link, timeoutsOf(link, transfer));
  const pace = observerPaceOf(scenario, profile, lastsMs);

  enter('boot', scenario.workload.name);
  const { announcePort } = await bootGuests(clients, topology, scenario);
  enter('warm-up');
  await warmUp(clients, topology, scenario, pace, signal);
  enter('migrate', scenario.strategy);
  const migrated = await migrateGuest(clients, topology, announcePort, transfer, link, record);
  const { source, destination, cpu } = migrated;

  const rounds = told.filter((event) => event.type === 'round');
  record.evidence.rounds = roundsOf(rounds, source.timeline.startedAtMs);
  record.evidence.linkCuts = linkCutsOf(told, source.timeline.startedAtMs);
  const failure = migrationErrorOf(migrated);
  if (failure !== null) {
    if (!source.guestRunningAtEnd) throw failure;
    // The guest must be untouched. Where that can't be found out, the failure itself says more.
    enter('verify', 'the guest at the source');
    const verified = await verifyGuest(clients, scenario, source, destination, 'source').catch(() => null);
    record.integrity = verified?.integrity ?? null;
    throw withDamage(failure, record.integrity, pageCountOf(scenario));
  }

  enter('collect');
  const { countersAfter, ...seen } = await collect(clients, pace, signal);
  enter('verify');
  const { integrity, touchedPages } = await verifyGuest(
    clients,
    scenario,
    source,
    destination,
    'destination',
  );
  record.integrity = integrity;
  const counters = { before: migrated.countersBefore, after: countersAfter };
  const { deviceStateBytes } = scenario.guest;
  const collected = {
    source,
    destination,
    events: told,
    ...seen,
    counters,
    cpu,
    deviceStateBytes,
    touchedPages,
  };
  return conclude(record, integrity, collected, {
    profile,
    rttMs: calibration.rttMs,
    transfer,
    pingIntervalMs: pace.intervalMs,
  });
};

const runInTestbed = async (
  record: RunRecord,
  profile: LinkProfile,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunResult> => {
  const { scenario } = record;
  const told: AgentEvent[] = [];
  const enter = (phase: RunPhase, detail?: string): void => {
    options.events?.next({
      type: 'phase',
      atMs: monotonicMs(),
      phase,
      ...(detail === undefined ? {} : { detail }),
    });
  };

  const driver = options.driver ?? (await chooseDriver(scenario.driver));
  enter('up', driver.name);
  await using stack = new AsyncDisposableStack();
  const tell = (detail: string): void => {
    enter('up', detail);
  };
  const loan = stack.use(
    await (options.testbeds ?? singleUse).lend({ driver, profile, record, signal, tell }),
  );
  const { testbed } = loan;
  stack.defer(() => {
    if (!loan.isKept) enter('down');
  });
  const clients = connectClients(testbed, signal);
  for (const client of Object.values(clients)) stack.defer(() => client.close());
  const subscription = new Subscription();
  subscription.add(
    merge(clients.source.events, clients.destination.events, clients.wan.events).subscribe((event) => {
      told.push(event);
      options.events?.next(event);
    }),
  );
  stack.defer(() => subscription.unsubscribe());
  await greetHosts(clients, record);
  await configureNetworks(clients, testbed.topology, record);
  const { runId } = record;
  const { agents, topology } = testbed;
  const running = {
    runId,
    name: scenario.name,
    agents: { source: agents.source, wan: agents.wan },
    addresses: { source: topology.source.address, destination: topology.destination.address },
  };
  const announced = await announceRun(running).catch((error: unknown) => {
    enter('up', `the run obeys no other terminal: ${messageOf(error)}`);
    return null;
  });
  stack.use(announced);
  try {
    const result = await migrateOnce({ options, record, profile, loan, clients, signal, told, enter });
    loan.keep();
    return result;
  } catch (error) {
    // The one failure that is an answer: the testbed did all it should, and only the observer is still at work.
    if (codeOf(error) === 'NOT_CONVERGED' && (await stopObserving(clients))) loan.keep();
    throw error;
  }
};

/**
 * One run from nothing to nothing: up, link, calibrate, boot, warm up, migrate, collect, verify, down. Whatever
 * happens ends in a result; the testbed is always taken down.
 * @throws LivemigError BAD_INPUT, as nothing was run then.
 */
export const runScenario = async (
  scenario: RunnableScenario,
  options: RunOptions = {},
): Promise<RunResult> => {
  const record = startRecord(scenario, options.sweep ?? null);
  const signal = options.signal ?? new AbortController().signal;
  try {
    const profile = loadProfile(scenario.link);
    record.link.definition = profile;
    if (isStrategyFile(scenario.strategy)) {
      const { text, sha256 } = await loadStrategy(scenario.strategy);
      record.strategyText = text;
      record.environment.strategySha256 = sha256;
    }
    return await runInTestbed(record, profile, options, signal);
  } catch (error) {
    if (codeOf(error) === 'BAD_INPUT') throw error;
    return endedResult(record, error);
  }
};
