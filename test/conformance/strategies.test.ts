import { describe, expect, test } from '@jest/globals';
import { strategies } from '../../hosts/strategies/index.ts';
import { preCopy } from '../../hosts/strategies/pre-copy.ts';
import type { TransferStrategy } from '../../hosts/ports.ts';
import { sendAll, switchToPostcopy } from '../../hosts/strategies/switchover.ts';
import { negativeControls } from '../../hosts/strategies/negative-controls.ts';
import { codeOf } from '../../proto/errors.ts';
import { strategyNames } from '../../proto/strategy.ts';
import { strategyConformance } from './strategy.ts';
import type { SwitchedTo } from './strategy.ts';
import { gigabitSimulation, SimulatedSession } from '../../harness/conformance/simulated-session.ts';

const maxBandwidth: SwitchedTo = { name: 'maxBandwidthMbps', change: { limits: { maxBandwidthMbps: 400 } } };
const postcopySwitches: SwitchedTo[] = [
  { name: 'maxPostcopyBandwidthMbps', change: { limits: { maxPostcopyBandwidthMbps: 400 } } },
  { name: 'faults in-stream', change: { faults: 'in-stream' } },
  { name: 'faults blocking', change: { faults: 'blocking' } },
  {
    name: 'faults blocking, maxPostcopyBandwidthMbps',
    change: { faults: 'blocking', limits: { maxPostcopyBandwidthMbps: 400 } },
  },
];
/** Every switch that a scenario may set with a strategy. */
const switchesOf: Record<keyof typeof strategies, SwitchedTo[]> = {
  'stop-and-copy': [maxBandwidth],
  'pre-copy': [
    maxBandwidth,
    { name: 'convergence xen', change: { limits: { convergence: 'xen' } } },
    { name: 'convergence smart-stop', change: { limits: { convergence: 'smart-stop' } } },
    { name: 'convergence stall', change: { limits: { convergence: 'stall', stallWindowMs: 300 } } },
  ],
  'post-copy': postcopySwitches,
  hybrid: [
    maxBandwidth,
    ...postcopySwitches,
    { name: 'no dirtyBitmap', change: { dirtyBitmap: false } },
    {
      name: 'no dirtyBitmap, faults blocking',
      change: { dirtyBitmap: false, faults: 'blocking' },
    },
  ],
};

for (const name of strategyNames) {
  strategyConformance(strategies[name]);
  for (const switchedTo of switchesOf[name]) strategyConformance(strategies[name], switchedTo);
}

const signal = new AbortController().signal;

describe('the simulation catches a broken strategy', () => {
  test.each(['broken-drops-page', 'broken-sends-stale'] as const)('%s', async (name) => {
    const session = new SimulatedSession(gigabitSimulation);
    await negativeControls[name].migrate(session.ports(), signal);
    expect(session.mismatches + session.staleReads).toBeGreaterThan(0);
  });

  test('broken-resumes-early is refused by the legal order', async () => {
    const session = new SimulatedSession(gigabitSimulation);
    const code = await negativeControls['broken-resumes-early']
      .migrate(session.ports(), signal)
      .then(() => 'moved', codeOf);
    expect(code).toBe('ILLEGAL_PHASE');
    expect(session.guestAt).toBe('source');
  });
});

describe('the simulation of a copy that is at the destination, stale and not discarded', () => {
  const careless: TransferStrategy = {
    name: 'careless',
    migrate: async (session) => {
      await sendAll(session, session.memory.sync(), signal);
      await session.pages.barrier();
      await switchToPostcopy(session, session.memory.sync(), null, signal);
    },
  };

  test('the guest reads it, and pushing the page again does not mend it', async () => {
    const session = new SimulatedSession(gigabitSimulation);
    await careless.migrate(session.ports(), signal);
    expect(session.staleReads).toBeGreaterThan(0);
    expect(session.mismatches).toBeGreaterThan(0);
  });

  test('there is nothing to be discarded of an idle guest', async () => {
    const session = new SimulatedSession({ ...gigabitSimulation, dirtyPagesPerMs: 0 });
    await careless.migrate(session.ports(), signal);
    expect(session).toMatchObject({ staleReads: 0, mismatches: 0, sentTwiceInPostcopy: 0 });
  });
});

describe('how the strategies differ', () => {
  const run = async (name: keyof typeof strategies, change: object = {}): Promise<SimulatedSession> => {
    const session = new SimulatedSession({ ...gigabitSimulation, ...change });
    await strategies[name].migrate(session.ports(), signal);
    return session;
  };

  test('stop-and-copy is down for the whole transfer and sends each page once', async () => {
    const session = await run('stop-and-copy');
    expect(session.sentPages).toBe(1024);
    expect(session.downtimeMs).toBeGreaterThan((1024 * 4096) / 125_000);
  });

  test("pre-copy under QEMU's rule keeps the downtime near its limit and sends pages again", async () => {
    const session = await run('pre-copy', { limits: { downtimeLimitMs: 8 }, pageCount: 8192 });
    expect(session.downtimeMs).toBeLessThan(8 + 1 + 5.5 + 2);
    expect(session.sentPages).toBeGreaterThan(8192);
  });

  describe('the device state has its share of the downtime limit', () => {
    const limitMs = 40;
    /** The limit, saving and loading, what is in flight, and a batch. */
    const nearLimitMs = limitMs + 1 + 5.5 + 2;
    const slow = { pageCount: 8192, regionPages: 4096, dirtyPagesPerMs: 20 };
    const busy = { ...slow, limits: { downtimeLimitMs: limitMs } };

    test.each([0, 2_000_000, 4_000_000, 4_900_000])('%i bytes', async (deviceStateBytes) => {
      const session = await run('pre-copy', { ...busy, deviceStateBytes });
      expect(session).toMatchObject({ isComplete: true, mismatches: 0 });
      expect(session.downtimeMs).toBeLessThan(nearLimitMs);
    });

    test('a strategy that is not told of it exceeds the limit', async () => {
      const session = new SimulatedSession({ ...gigabitSimulation, ...busy, deviceStateBytes: 4_000_000 });
      const ports = session.ports();
      await preCopy.migrate({ ...ports, guest: { ...ports.guest, deviceStateBytes: 0 } }, signal);
      expect(session.downtimeMs).toBeGreaterThan(nearLimitMs);
    });

    test('one that alone exceeds the limit ends pre-copy with pages that fit it', async () => {
      const deviceStateBytes = 20_000_000;
      const session = await run('pre-copy', { ...busy, deviceStateBytes });
      expect(session).toMatchObject({ isComplete: true, mismatches: 0 });
      expect(session.downtimeMs).toBeLessThan(deviceStateBytes / 125_000 + nearLimitMs);
    });

    test('where it leaves room for fewer pages than the guest dirties, pre-copy says so', async () => {
      const deviceStateBytes = 4_900_000;
      const limits = { ...busy.limits, maxPrecopyMs: 2000 };
      const migration = run('pre-copy', { ...busy, dirtyPagesPerMs: 60, deviceStateBytes, limits });
      await expect(migration).rejects.toMatchObject({
        code: 'NOT_CONVERGED',
        message: expect.stringContaining('KiB pending and 4785 KiB of device state never fitted'),
      });
    });
  });

  test("pre-copy under Xen's rule suspends after 3 × RAM, however fast the guest dirties it", async () => {
    const session = await run('pre-copy', {
      limits: { convergence: 'xen' },
      dirtyPagesPerMs: 200,
      regionPages: 1024,
    });
    expect(session.isComplete).toBe(true);
    expect(session.rounds).toBeLessThanOrEqual(30);
    expect(session.sentPages).toBeLessThan(5 * 1024);
  });

  test.each(['smart-stop', 'stall'] as const)(
    'pre-copy under the rule %s ends on a guest that fits no downtime limit, at no more than the best that it saw',
    async (convergence) => {
      const change = { dirtyPagesPerMs: 60, regionPages: 4096, pageCount: 8192 };
      const limits = { downtimeLimitMs: 1, maxPrecopyMs: 20_000, maxRounds: 10_000 };
      const session = await run('pre-copy', {
        ...change,
        limits: { ...limits, convergence, stallWindowMs: 500 },
      });
      expect(session).toMatchObject({ isComplete: true, mismatches: 0 });
      await expect(run('pre-copy', { ...change, limits })).rejects.toMatchObject({ code: 'NOT_CONVERGED' });
    },
  );

  test('pre-copy gets to the pages behind a busy region, and stops once that alone fits', async () => {
    // 33 MB that are dirty again at every sync, and 34 MB behind them: each fits the 37.5 MB of 300 ms, both don't.
    const change = { pageCount: 16_384, regionPages: 8000, dirtyPagesPerMs: 1000 };
    const session = await run('pre-copy', { ...change, limits: { maxRounds: 20 } });
    expect(session.isComplete).toBe(true);
    expect(session.mismatches).toBe(0);
  });

  test('post-copy sends each page once, and its downtime does not depend on the memory', async () => {
    const [small, large] = [await run('post-copy'), await run('post-copy', { pageCount: 32_768 })];
    expect(small.sentPages + small.faults).toBe(1024);
    expect(large.sentPages + large.faults).toBe(32_768);
    expect(large.downtimeMs).toBeCloseTo(small.downtimeMs, 5);
  });

  test('hybrid has fewer faults than post-copy', async () => {
    const change = { pageCount: 8192, regionPages: 4096, dirtyPagesPerMs: 2 };
    const [hybrid, postCopy] = [await run('hybrid', change), await run('post-copy', change)];
    expect(hybrid.faults).toBeLessThan(postCopy.faults);
  });
});
