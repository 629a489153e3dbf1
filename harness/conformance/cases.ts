import { equal, ok } from 'node:assert/strict';
import type { TransferStrategy } from '../../hosts/ports.ts';
import { codeOf, messageOf } from '../../proto/errors.ts';
import { defaultLimits } from '../../proto/strategy.ts';
import { gigabitSimulation, SimulatedSession } from './simulated-session.ts';
import type { Simulation } from './simulated-session.ts';

/** Something that every strategy must do. */
export interface ConformanceCase {
  name: string;
  /** @throws AssertionError where it doesn't, or what the strategy threw */
  check: (strategy: TransferStrategy) => Promise<void>;
}

const never = new AbortController().signal;

const migrate = async (strategy: TransferStrategy, simulation: Simulation): Promise<SimulatedSession> => {
  const session = new SimulatedSession(simulation);
  await strategy.migrate(session.ports(), never);
  return session;
};

const whole = {
  guestAt: 'destination',
  isComplete: true,
  mismatches: 0,
  staleReads: 0,
  sentTwiceInPostcopy: 0,
};

/** What a difference from `whole` comes of, as a rule. */
const hints: Readonly<Record<keyof typeof whole, string>> = {
  guestAt: 'the guest was not resumed at the destination',
  isComplete: '`destination.complete()` was not called, or not awaited',
  mismatches:
    'pages never came, or were dirtied after they were sent: what the last `memory.sync()`, once the guest is paused, returns must be sent, too',
  staleReads:
    'the guest read copies at the destination that it had changed at the source since: send them again, or `destination.discard` them, before it is resumed',
  sentTwiceInPostcopy: 'post-copy sent pages that the destination had, and did not discard',
};

const expectWhole = (session: SimulatedSession, of: Simulation): void => {
  const { guestAt, isComplete, mismatches, staleReads, sentTwiceInPostcopy } = session;
  const found = { guestAt, isComplete, mismatches, staleReads, sentTwiceInPostcopy };
  const wrong = (Object.keys(whole) as (keyof typeof whole)[])
    .filter((key) => found[key] !== whole[key])
    .map((key) => `${key} ${found[key]}: ${hints[key]}`);
  ok(wrong.length === 0, `${wrong.join('; ')} (in ${JSON.stringify(of)})`);
};

const guests: readonly (readonly [name: string, change: Partial<Simulation>])[] = [
  ['a busy guest', {}],
  ['an idle guest', { dirtyPagesPerMs: 0 }],
  ['a guest of one page', { pageCount: 1, regionPages: 1 }],
  ['a guest whose size is no multiple of a bitmap word', { pageCount: 1001, regionPages: 1001 }],
  ['a long link', { rttMs: 52.5 }],
  ['a link without delay', { rttMs: 0 }],
];

const randomSimulation = (base: Simulation, seed: number): Simulation => {
  const pageCount = 1 + ((seed * 7919) % 2000);
  return {
    ...base,
    pageCount,
    regionPages: 1 + ((seed * 104_729) % pageCount),
    bytesPerMs: 50_000 + ((seed * 31) % 7) * 100_000,
    rttMs: (seed % 11) * 5,
    dirtyPagesPerMs: seed % 9,
    seed,
    limits: { ...base.limits, downtimeLimitMs: 60 + (seed % 100), hybridRounds: seed % 3 },
  };
};

const outcomeOf = (work: Promise<void>): Promise<string> => work.then(() => 'moved', codeOf);

/**
 * What any strategy must do, whatever the guest, the link, the switches and the moment of a failure. All in virtual
 * time.
 * @param switches of the agent, as they change the simulation.
 */
export const conformanceCases = (switches: Partial<Simulation> = {}): ConformanceCase[] => {
  const base: Simulation = {
    ...gigabitSimulation,
    ...switches,
    limits: { downtimeLimitMs: 20, ...switches.limits },
  };
  return [
    ...guests.map(([name, change]) => ({
      name: `moves ${name} without losing a page`,
      check: async (strategy: TransferStrategy) => {
        const simulation = { ...base, ...change };
        expectWhole(await migrate(strategy, simulation), simulation);
      },
    })),
    {
      name: 'moves hundreds of random guests over random links without losing a page',
      check: async (strategy) => {
        for (let seed = 1; seed <= 300; seed++) {
          const simulation = randomSimulation(base, seed);
          expectWhole(await migrate(strategy, simulation), simulation);
        }
      },
    },
    {
      name: 'a failure at any call leaves the guest on one side only, and is passed on',
      check: async (strategy) => {
        const { calls } = await migrate(strategy, base);
        ok(calls > 4, `expected more than 4 calls, got ${calls}`);
        for (let failCall = 1; failCall <= calls; failCall++) {
          const session = new SimulatedSession({ ...base, failCall });
          const thrown = await strategy.migrate(session.ports(), never).then(() => 'nothing', messageOf);
          equal(thrown, `call ${failCall} fails`, `call ${failCall} failed, and ${thrown} was passed on`);
          equal(session.isComplete, false);
        }
      },
    },
    {
      name: 'an abort ends it at the next batch',
      check: async (strategy) => {
        const session = new SimulatedSession(base);
        const outcome = await outcomeOf(strategy.migrate(session.ports(), AbortSignal.abort()));
        ok(outcome !== 'moved' && !session.isComplete, 'it went on to its end');
      },
    },
    {
      name: 'ends in bounded time with a device state that alone exceeds the downtime limit',
      check: async (strategy) => {
        const deviceStateBytes = 2 * base.bytesPerMs * defaultLimits.downtimeLimitMs;
        const simulation = { ...base, deviceStateBytes };
        const session = await migrate(strategy, simulation);
        ok(session.nowMs < 60_000, `it took ${session.nowMs} ms of virtual time`);
        expectWhole(session, simulation);
      },
    },
    {
      name: 'ends in bounded time on a guest that dirties pages faster than the link carries them',
      check: async (strategy) => {
        const simulation = {
          ...base,
          dirtyPagesPerMs: 300,
          regionPages: 1024,
          limits: { ...base.limits, downtimeLimitMs: 1, maxRounds: 20, maxPrecopyMs: 2000 },
        };
        const session = new SimulatedSession(simulation);
        const outcome = await outcomeOf(strategy.migrate(session.ports(), never));
        ok(session.nowMs < 60_000, `it took ${session.nowMs} ms of virtual time`);
        if (outcome === 'moved') expectWhole(session, simulation);
        else
          ok(
            outcome === 'NOT_CONVERGED' && session.guestAt === 'source',
            `expected it to move the guest, or NOT_CONVERGED with the guest at the source, got ${outcome} with the guest at the ${session.guestAt}`,
          );
      },
    },
  ];
};
