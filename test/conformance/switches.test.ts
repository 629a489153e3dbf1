import { describe, expect, test } from '@jest/globals';
import { strategies } from '../../hosts/strategies/index.ts';
import { gigabitSimulation, SimulatedSession } from '../../harness/conformance/simulated-session.ts';
import type { Simulation } from '../../harness/conformance/simulated-session.ts';

/** What each switch of the agent does to a migration, in virtual time; the same guest without it is the control. */

const run = async (
  name: keyof typeof strategies,
  change: Partial<Simulation> = {},
): Promise<SimulatedSession> => {
  const session = new SimulatedSession({ ...gigabitSimulation, ...change });
  await strategies[name].migrate(session.ports(), new AbortController().signal);
  return session;
};

/** The most and the least that went within any second that begins with a message, in Mb/s. */
const secondsOf = (
  sends: readonly { atMs: number; bytes: number }[],
  fromMs: number,
  untilMs: number,
): { least: number; most: number } => {
  const rates = sends
    .filter(({ atMs }) => atMs >= fromMs && atMs + 1000 <= untilMs)
    .map(({ atMs: startMs }) =>
      sends
        .filter(({ atMs }) => atMs >= startMs && atMs < startMs + 1000)
        .reduce((sum, { bytes }) => sum + (bytes * 8) / 1e6, 0),
    );
  return { least: Math.min(...rates), most: Math.max(...rates) };
};

const large = { pageCount: 65_536, regionPages: 512, dirtyPagesPerMs: 0.5 };

describe('limits.maxBandwidthMbps', () => {
  test.each([50, 400, 900])('holds every second of pre-copy to %i Mb/s within 3 %%', async (mbps) => {
    const { sends, pausedAtMs } = await run('pre-copy', { ...large, limits: { maxBandwidthMbps: mbps } });
    const { least, most } = secondsOf(sends, 0, pausedAtMs);
    expect(least).toBeGreaterThan(mbps * 0.97);
    expect(most).toBeLessThan(mbps * 1.03);
  });

  test('without it the link is filled', async () => {
    const { sends, pausedAtMs } = await run('pre-copy', large);
    expect(secondsOf(sends, 0, pausedAtMs).least).toBeGreaterThan(970);
  });

  test('a cap above the link changes nothing', async () => {
    const [capped, free] = [
      await run('pre-copy', { ...large, limits: { maxBandwidthMbps: 5000 } }),
      await run('pre-copy', large),
    ];
    expect(capped.nowMs).toBeCloseTo(free.nowMs, 3);
  });

  test('does not stretch the downtime, but holds a guest that was stopped before', async () => {
    const busy = { ...large, dirtyPagesPerMs: 2, limits: { maxBandwidthMbps: 200, downtimeLimitMs: 100 } };
    const preCopy = await run('pre-copy', busy);
    const lastBytes = preCopy.sends
      .filter(({ atMs }) => atMs >= preCopy.pausedAtMs)
      .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(lastBytes).toBeGreaterThan(0);
    expect(preCopy.downtimeMs).toBeLessThan(lastBytes / gigabitSimulation.bytesPerMs + 10);

    const stopAndCopy = await run('stop-and-copy', { limits: { maxBandwidthMbps: 200 } });
    expect(stopAndCopy.downtimeMs).toBeGreaterThan((1024 * 4096) / 25_000 - 20);
  });
});

describe('limits.maxPostcopyBandwidthMbps', () => {
  test('holds the push, demand pages included, while pre-copy goes at full rate', async () => {
    const limits = { maxPostcopyBandwidthMbps: 300 };
    const session = await run('hybrid', { ...large, dirtyBitmap: false, limits });
    const { sends, pausedAtMs, resumedAtMs, nowMs } = session;
    expect(secondsOf(sends, 0, pausedAtMs).least).toBeGreaterThan(970);
    expect(secondsOf(sends, resumedAtMs, nowMs).most).toBeLessThan(300 * 1.03);
    expect(session.faults).toBeGreaterThan(0);
  });

  test('demand pages never wait: faults take no longer than without it', async () => {
    const change = { ...large, rttMs: 2, regionPages: 16_384 };
    const capped = await run('post-copy', { ...change, limits: { maxPostcopyBandwidthMbps: 50 } });
    const blockedMs = capped.nowMs - capped.resumedAtMs;
    // Far more faults as the push is slow, and still each costs one round trip: the guest gets its work done.
    expect(capped.faults).toBeGreaterThan((await run('post-copy', change)).faults);
    expect(capped.faults * 2).toBeLessThan(blockedMs);
  });
});

describe('transfer.faults', () => {
  const touching = { pageCount: 16_384, regionPages: 16_384, dirtyPagesPerMs: 1 };

  test('blocking: each fault brings a batch along and holds the push up for a round trip', async () => {
    const blocking = await run('post-copy', { ...touching, faults: 'blocking' });
    const untouched = await run('post-copy', { ...touching, faults: 'blocking', dirtyPagesPerMs: 0 });
    expect(blocking.faults).toBeGreaterThan(10);
    const heldUpMs = blocking.nowMs - untouched.nowMs;
    expect(heldUpMs).toBeGreaterThan(0.95 * blocking.faults * 5.5);
    expect(heldUpMs).toBeLessThan(1.05 * blocking.faults * 5.5);
    expect(blocking.sentPages).toBe(touching.pageCount);
    // Answered one by one, as in-stream, faulted pages don't travel in the push's batches.
    expect((await run('post-copy', { ...touching, faults: 'in-stream' })).sentPages).toBeLessThan(
      touching.pageCount,
    );
  });

  test('without a fault blocking costs nothing', async () => {
    const idle = { ...touching, dirtyPagesPerMs: 0 };
    const [blocking, preempt] = [
      await run('post-copy', { ...idle, faults: 'blocking' }),
      await run('post-copy', idle),
    ];
    expect(blocking.nowMs).toBe(preempt.nowMs);
  });
});

describe('transfer.dirtyBitmap', () => {
  test('false sends every page again after the switchover, also of a guest that dirtied nothing', async () => {
    const idle = { dirtyPagesPerMs: 0 };
    expect((await run('hybrid', { ...idle, dirtyBitmap: false })).sentPages).toBe(2 * 1024);
    expect((await run('hybrid', idle)).sentPages).toBe(1024);
  });
});
