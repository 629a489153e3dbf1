import { merge, Subscription } from 'rxjs';
import { codeOf, messageOf } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import type { LinkProfile } from '../proto/link.ts';
import { isStrategyFile } from '../proto/strategy.ts';
import { monotonicMs } from '../proto/units.ts';
import { whereIs } from './measure/guest-end.ts';
import { linkCutsOf, roundsOf } from './measure/series.ts';
import type { Patience } from './patience.ts';
import { defaultPatience } from './patience.ts';
import { loadProfile } from './profiles.ts';
import type { RunResult, SweepOfRun } from './result.ts';
import type { Clients } from './run/clients.ts';
import { connectClients, unlessLost, untilAborted } from './run/clients.ts';
import { conclude, withDamage } from './run/conclude.ts';
import type { RunEventSink, RunPhase } from './run/events.ts';
import { calibrateLink } from './run/link.ts';
import type { Loan, TestbedLender } from './run/loan.ts';
import { singleUse } from './run/loan.ts';
import { bootGuests, collect, cpuOf, migrateGuest, stopObserving, warmUp } from './run/migration.ts';
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
  /** How long to wait for what doesn't come: for tests. */
  patience?: Partial<Patience>;
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
  patience: Patience;
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
  patience,
  told,
  enter,
}: Run): Promise<RunResult> => {
  const { scenario, environment } = record;
  const { topology } = loan.testbed;

  const { applyInstead } = options;
  const shape = { clients, topology, profile, record, enter, applyInstead };
  const calibration = await unlessLost(calibrateLink(shape, loan), clients);
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
  const { announcePort } = await unlessLost(bootGuests(clients, topology, scenario), clients);
  record.guest.started = true;
  enter('warm-up');
  await warmUp(clients, topology, scenario, pace, signal);
  enter('migrate', scenario.strategy);
  const guided = { signal, patience };
  const migrated = await migrateGuest(clients, topology, announcePort, transfer, link, record, guided);
  const { source, destination } = record.guest;
  const rounds = told.filter((event) => event.type === 'round');
  record.evidence.rounds = roundsOf(rounds, source?.timeline.startedAtMs ?? 0);
  record.evidence.linkCuts = linkCutsOf(told, source?.timeline.startedAtMs ?? 0);
  // What both sides completed both have reported.
  if (migrated.failure !== null || source === null || destination === null) throw migrated.failure;
  const cpu = { before: migrated.cpuBefore, after: await cpuOf(clients) };

  enter('collect');
  const { countersAfter, ...seen } = await unlessLost(collect(clients, pace, signal), clients);
  enter('verify');
  const reports = { source, destination };
  const { integrity, touchedPages } = await verifyGuest(clients, scenario, reports, 'destination');
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

/**
 * After a failure: the guest must be untouched, wherever it is, and its memory is compared where that is possible.
 * @returns what is wrong with the guest, or else the failure
 */
const examineGuest = async (
  failure: unknown,
  clients: Clients,
  record: RunRecord,
  signal: AbortSignal,
  enter: Run['enter'],
): Promise<unknown> => {
  const { guest, scenario } = record;
  const noteAgents = (): void => {
    guest.sourceAgent = clients.source.watch.state;
    guest.destinationAgent = clients.destination.watch.state;
  };
  noteAgents();
  const { comparable } = whereIs(guest);
  if (signal.aborted || record.integrity !== null || comparable === null) return failure;
  const { phase } = record;
  enter('verify', `the guest at the ${comparable}`);
  // It ended before that.
  record.phase = phase;
  try {
    record.integrity = (await verifyGuest(clients, scenario, guest, comparable)).integrity;
  } catch (error) {
    record.unverified = messageOf(error);
    noteAgents();
  }
  return withDamage(failure, record.integrity, pageCountOf(scenario));
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
    if (phase !== 'down') record.phase = phase;
    options.events?.next({
      type: 'phase',
      atMs: monotonicMs(),
      phase,
      ...(detail === undefined ? {} : { detail }),
    });
  };

  const patience = { ...defaultPatience, ...options.patience };
  const driver = options.driver ?? (await untilAborted(chooseDriver(scenario.driver), signal));
  enter('up', driver.name);
  await using stack = new AsyncDisposableStack();
  const tell = (detail: string): void => {
    enter('up', detail);
  };
  const loan = stack.use(
    await (options.testbeds ?? singleUse).lend({ driver, profile, record, signal, tell, patience }),
  );
  const { testbed } = loan;
  stack.defer(() => {
    if (!loan.isKept) enter('down');
  });
  const clients = connectClients(testbed, signal, patience);
  for (const client of Object.values(clients)) stack.defer(() => client.close());
  const subscription = new Subscription();
  subscription.add(
    merge(clients.source.events, clients.destination.events, clients.wan.events).subscribe((event) => {
      told.push(event);
      if (event.type === 'status') record.guest.status = event.status;
      if (event.type === 'guest' && event.host === 'destination' && (event.running || event.operations > 0))
        record.guest.ranAtDestination = true;
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
    const result = await migrateOnce({
      options,
      record,
      profile,
      loan,
      clients,
      signal,
      patience,
      told,
      enter,
    });
    loan.keep();
    return result;
  } catch (error) {
    const failure = await examineGuest(error, clients, record, signal, enter);
    // The one failure that is an answer: the testbed did all it should, and only the observer is still at work.
    if (codeOf(failure) === 'NOT_CONVERGED' && (await stopObserving(clients))) loan.keep();
    throw failure;
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
