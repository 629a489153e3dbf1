import { describe, expect, test } from '@jest/globals';
import type { TransferStrategy } from '../../hosts/ports.ts';
import { codeOf } from '../../proto/errors.ts';
import { gigabitSimulation, SimulatedSession } from '../support/simulated-session.ts';
import type { Simulation } from '../support/simulated-session.ts';

const never = new AbortController().signal;

/** A switch of the agent, as it changes the simulation. */
export interface SwitchedTo {
  name: string;
  change: Partial<Simulation>;
}

const migrate = async (strategy: TransferStrategy, simulation: Simulation): Promise<SimulatedSession> => {
  const session = new SimulatedSession(simulation);
  await strategy.migrate(session.ports(), never);
  return session;
};

const expectWhole = (session: SimulatedSession): void => {
  expect(session).toMatchObject({
    guestAt: 'destination',
    isComplete: true,
    mismatches: 0,
    staleReads: 0,
    sentTwiceInPostcopy: 0,
  });
};

/**
 * What any strategy must do, whatever the guest, the link, the switches and the moment of a failure. All in virtual
 * time.
 */
export const strategyConformance = (strategy: TransferStrategy, switchedTo?: SwitchedTo): void => {
  const { change: switches = {}, name = 'no switch' } = switchedTo ?? {};
  const base: Simulation = {
    ...gigabitSimulation,
    ...switches,
    limits: { downtimeLimitMs: 20, ...switches.limits },
  };
  describe(`strategy ${strategy.name}, ${name}`, () => {
    test.each([
      ['a busy guest', {}],
      ['an idle guest', { dirtyPagesPerMs: 0 }],
      ['a guest of one page', { pageCount: 1, regionPages: 1 }],
      ['a guest whose size is no multiple of a bitmap word', { pageCount: 1001, regionPages: 1001 }],
      ['a long link', { rttMs: 52.5 }],
      ['a link without delay', { rttMs: 0 }],
    ])('moves %s without losing a page', async (_, change) => {
      expectWhole(await migrate(strategy, { ...base, ...change }));
    });

    test('moves hundreds of random guests over random links without losing a page', async () => {
      for (let seed = 1; seed <= 300; seed++) {
        const pageCount = 1 + ((seed * 7919) % 2000);
        expectWhole(
          await migrate(strategy, {
            ...base,
            pageCount,
            regionPages: 1 + ((seed * 104_729) % pageCount),
            bytesPerMs: 50_000 + ((seed * 31) % 7) * 100_000,
            rttMs: (seed % 11) * 5,
            dirtyPagesPerMs: seed % 9,
            seed,
            limits: { ...base.limits, downtimeLimitMs: 60 + (seed % 100), hybridRounds: seed % 3 },
          }),
        );
      }
    });

    test('a failure at any call leaves the guest on one side only, and is passed on', async () => {
      const { calls } = await migrate(strategy, base);
      for (let failCall = 1; failCall <= calls; failCall++) {
        const session = new SimulatedSession({ ...base, failCall });
        await expect(strategy.migrate(session.ports(), never)).rejects.toThrow(`call ${failCall} fails`);
        expect(session.isComplete).toBe(false);
      }
      expect(calls).toBeGreaterThan(4);
    });

    test('an abort ends it at the next batch', async () => {
      const controller = new AbortController();
      controller.abort();
      const session = new SimulatedSession(base);
      await expect(strategy.migrate(session.ports(), controller.signal)).rejects.toThrow();
      expect(session.isComplete).toBe(false);
    });

    test('ends in bounded time on a guest that dirties pages faster than the link carries them', async () => {
      const session = new SimulatedSession({
        ...base,
        dirtyPagesPerMs: 300,
        regionPages: 1024,
        limits: { ...base.limits, downtimeLimitMs: 1, maxRounds: 20, maxPrecopyMs: 2000 },
      });
      const outcome = await strategy.migrate(session.ports(), never).then(() => 'moved', codeOf);
      expect(session.nowMs).toBeLessThan(60_000);
      if (outcome === 'moved') expectWhole(session);
      else expect({ outcome, at: session.guestAt }).toEqual({ outcome: 'NOT_CONVERGED', at: 'source' });
    });
  });
};
