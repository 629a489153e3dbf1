import { switchesOf } from '#catalogue/capabilities';
import { LivemigError, messageOf } from '#proto/errors';
import type { TransferConfig } from '#proto/strategy';
import { whereIs } from '../measure/guest-end.ts';
import type { RunResult } from '../result.ts';
import { Cast } from './actor.ts';
import type { EvidenceOf } from './actor.ts';
import { actorsOf } from './actors/index.ts';
import { figuresOver } from './changed-link.ts';
import { explained, unlessLost } from './clients.ts';
import { conclude, withDamage } from './conclude.ts';
import { Found } from './context.ts';
import type { LinkOfRun, Run, RunGuest } from './context.ts';
import type { StageName } from './events.ts';
import { stageNames } from './events.ts';
import { calibrateLink } from './link.ts';
import { pausesMsOf } from './link-extremes.ts';
import { bootGuest, migrate, runOn, warmUp } from './migration.ts';
import { observerPaceOf } from './observer-pace.ts';
import {
  linkFiguresOf,
  migrationTimeoutMs,
  tcpBufferMaxBytesOf,
  timeoutsOf,
  transferConfigOf,
} from './transfer.ts';
import { sizeOf, verifyGuest } from './verification.ts';

interface Stage {
  /** It ends when any agent is lost, also one that it has no need of just now. */
  needsAll: boolean;
  work: (run: Run) => Promise<void>;
}

const widest = (one: TransferConfig, other: TransferConfig): TransferConfig => ({
  ...one,
  bulkWindowBytes: Math.max(one.bulkWindowBytes, other.bulkWindowBytes),
  postcopyWindowBytes: Math.max(one.postcopyWindowBytes, other.postcopyWindowBytes),
  orderBytes: Math.max(one.orderBytes, other.orderBytes),
});

const linkOf = async (run: Run): Promise<LinkOfRun> => {
  const { record, scenario, profile, loan, extremes } = run;
  const calibration = await calibrateLink(run, loan);
  const figures = linkFiguresOf(profile, calibration);
  const switches = switchesOf(scenario.capabilities, scenario.transfer.dirtyBitmap);
  const transfer = transferConfigOf(figures, switches);
  // What was sent over the fastest link may have to drain over the slowest.
  const worst = { ...figuresOver(extremes.worst, profile, calibration), lossAgain: extremes.lossAgain };
  const roomiest = transferConfigOf(figuresOver(extremes.roomiest, profile, calibration), switches);
  const timeouts = timeoutsOf(worst, widest(transfer, roomiest));
  const pausesMs = pausesMsOf(scenario.timeline ?? []);
  const timeoutMs = migrationTimeoutMs(scenario, worst, timeouts) + pausesMs;
  const { channels, bulkWindowBytes, roundEndWindowBytes, postcopyWindowBytes } = transfer;
  record.environment.transfer = {
    channels,
    bulkWindowBytes,
    roundEndWindowBytes,
    postcopyWindowBytes,
    tcpBufferMaxBytes: tcpBufferMaxBytesOf(extremes.roomiest),
  };
  // The worst link lasts for a while; that a migration takes as long as it may is the exception.
  const usuallyMs = migrationTimeoutMs(scenario, figures, timeouts) + pausesMs;
  const pace = observerPaceOf(scenario, extremes.worst, scenario.warmupMs + usuallyMs);
  return { calibration, figures, transfer, timeouts, migrationTimeoutMs: timeoutMs, pace };
};

/** A run from a testbed that is up to a guest that was compared, in the order of `stageNames`. */
const stages: Readonly<Record<StageName, Stage>> = {
  link: {
    needsAll: true,
    work: async (run) => {
      run.link.set(await linkOf(run));
    },
  },
  boot: {
    needsAll: true,
    work: async (run) => {
      run.enter('boot', run.scenario.workload.name);
      for (const guest of run.guests) await bootGuest(run, guest);
    },
  },
  'warm-up': {
    needsAll: false,
    work: async (run) => {
      run.enter('warm-up');
      await warmUp(run);
    },
  },
  migrate: {
    // It has an eye on all of them itself.
    needsAll: false,
    work: async (run) => {
      run.enter('migrate', run.scenario.strategy);
      for (const migration of run.migrations) await migrate(run, migration);
    },
  },
  collect: {
    needsAll: true,
    work: async (run) => {
      run.enter('collect');
      await runOn(run);
    },
  },
  verify: {
    // Router and observer have done their part.
    needsAll: false,
    work: async (run) => {
      run.enter('verify');
      for (const guest of run.guests) {
        const verified = await verifyGuest(run, guest, 'destination');
        run.record.integrity = verified.integrity;
        run.verified.set(verified);
      }
    },
  },
};

/** From an unshaped link to a verdict. */
const inStages = async (run: Run, cast: Cast<ReturnType<typeof actorsOf>>): Promise<RunResult> => {
  const { record, profile, link, scenario } = run;
  const evidence = new Found<EvidenceOf<ReturnType<typeof actorsOf>>>('what its actors saw');
  for (const name of stageNames) {
    const { needsAll, work } = stages[name];
    const stage = async (): Promise<void> => {
      await cast.begin(name);
      await work(run);
      await cast.end(name);
      if (name === 'collect') evidence.set(await cast.collect());
    };
    await (needsAll ? unlessLost(stage(), run.clients) : stage());
    if (name !== 'link') continue;
    await run.onCalibrated?.(run.testbed);
    await cast.prepare();
  }
  const { source, destination } = record.guest;
  if (source === null || destination === null)
    throw new LivemigError('INTERNAL', 'expected both sides to have reported what they completed');
  const { integrity, touchedPages, storage, diskIo } = run.verified.value;
  const { deviceStateBytes } = scenario.guest;
  const collected = {
    source,
    destination,
    deviceStateBytes,
    touchedPages,
    storage,
    diskIo,
    ...evidence.value,
  };
  return conclude(record, integrity, collected, {
    profile,
    rttMs: link.value.calibration.rttMs,
    transfer: link.value.transfer,
    pingIntervalMs: link.value.pace.intervalMs,
  });
};

/**
 * After a failure: a guest must be untouched, wherever it is, and its memory is compared where that is possible.
 * @returns what is wrong with it, or else the failure
 */
const examineGuest = async (failure: unknown, run: Run, guest: RunGuest): Promise<unknown> => {
  const { record, clients, scenario, signal, enter } = run;
  const { trace } = guest;
  const noteAgents = (): void => {
    trace.sourceAgent = clients.source.watch.state;
    trace.destinationAgent = clients.destination.watch.state;
  };
  noteAgents();
  const { comparable } = whereIs(trace);
  if (signal.aborted || record.integrity !== null || comparable === null) return failure;
  const { phase } = record;
  enter('verify', `the guest at the ${comparable}`);
  // It ended before that.
  record.phase = phase;
  try {
    record.integrity = (await verifyGuest(run, guest, comparable)).integrity;
  } catch (error) {
    record.unverified = messageOf(error);
    noteAgents();
  }
  return withDamage(failure, record.integrity, sizeOf(scenario));
};

/** How the stages ended, and whether every actor is at rest. */
export interface Played {
  result: RunResult | null;
  failure: unknown;
  atRest: boolean;
}

/** Goes through all stages. What was started has stopped when this resolves. Never rejects. */
export const playStages = async (run: Run): Promise<Played> => {
  const cast = new Cast(run, actorsOf());
  try {
    return { result: await inStages(run, cast), failure: null, atRest: true };
  } catch (error) {
    let failure: unknown = await explained(error, run.clients);
    for (const guest of run.guests) failure = await examineGuest(failure, run, guest);
    const problems = await cast.abandon();
    return { result: null, failure, atRest: problems.length === 0 };
  }
};
