import { describe, expect, test } from '@jest/globals';
import { triedNamed as run } from '#test/support/trials';

/** What each switch of the agent does to a migration, in virtual time; the same guest without it is the control. */

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
    const pageCount = mbps === 50 ? 8192 : large.pageCount;
    const capped = { ...large, pageCount, limits: { maxBandwidthMbps: mbps } };
    const { sends, activeAtMs, pausedAtMs } = await run('pre-copy', capped);
    const { least, most } = secondsOf(sends, activeAtMs, pausedAtMs);
    expect(least).toBeGreaterThan(mbps * 0.97);
    expect(most).toBeLessThan(mbps * 1.03);
  });

  test('without it the link is full', async () => {
    const { sends, activeAtMs, pausedAtMs } = await run('pre-copy', large);
    expect(secondsOf(sends, activeAtMs, pausedAtMs).least).toBeGreaterThan(940);
  });

  test('a cap above the link’s rate changes nothing', async () => {
    const [capped, free] = [
      await run('pre-copy', { ...large, limits: { maxBandwidthMbps: 5000 } }),
      await run('pre-copy', large),
    ];
    expect(capped.durationMs / free.durationMs).toBeCloseTo(1, 2);
  });

  test('does not stretch the downtime, but does apply where the guest was stopped from the start', async () => {
    const busy = { ...large, pageCount: 16_384, dirtyPagesPerMs: 2 };
    const preCopy = await run('pre-copy', {
      ...busy,
      limits: { maxBandwidthMbps: 200, downtimeLimitMs: 100 },
    });
    const lastBytes = preCopy.sends
      .filter(({ atMs }) => atMs >= preCopy.pausedAtMs)
      .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(lastBytes).toBeGreaterThan(4096);
    expect(preCopy.downtimeMs).toBeLessThan(lastBytes / 118_000 + 5.5 + 20);

    const stopAndCopy = await run('stop-and-copy', { limits: { maxBandwidthMbps: 200 } });
    // A sender that has been idle has 20 ms of credit, and nobody waits for the last message, which is one of 10 ms.
    expect(stopAndCopy.downtimeMs).toBeGreaterThan((1024 * 4096) / 25_000 - 20 - 10);
  });
});

describe('limits.maxPostcopyBandwidthMbps', () => {
  test('caps the push, demand pages included, while pre-copy runs at full rate', async () => {
    const limits = { maxPostcopyBandwidthMbps: 300 };
    const migration = await run('hybrid', { ...large, transfer: { dirtyBitmap: false }, limits });
    const { sends, activeAtMs, pausedAtMs, resumedAtMs, endedAtMs } = migration;
    expect(secondsOf(sends, activeAtMs, pausedAtMs).least).toBeGreaterThan(940);
    expect(secondsOf(sends, resumedAtMs, endedAtMs).most).toBeLessThan(300 * 1.03);
    expect(migration.faultCount).toBeGreaterThan(0);
  });

  test('demand pages never wait: faults take no longer than without it', async () => {
    const change = { pageCount: 16_384, rttMs: 2, regionPages: 16_384, dirtyPagesPerMs: 0.5 };
    const capped = await run('post-copy', { ...change, limits: { maxPostcopyBandwidthMbps: 50 } });
    const free = await run('post-copy', change);
    // The push is slow, so there are far more faults; still, each costs little more than a round trip.
    expect(capped.faultCount).toBeGreaterThan(free.faultCount);
    expect(capped.destination.faults.p50Us).toBeLessThan(3000);
  });
});

describe('transfer.faults', () => {
  const touching = { pageCount: 16_384, regionPages: 16_384, dirtyPagesPerMs: 1 };
  const blocking = { transfer: { faults: 'blocking' } } as const;

  test('blocking: each fault brings a batch and delays the push by a round trip', async () => {
    const held = await run('post-copy', { ...touching, ...blocking });
    const untouched = await run('post-copy', { ...touching, ...blocking, dirtyPagesPerMs: 0 });
    expect(held.faultCount).toBeGreaterThan(10);
    const heldUpMs = held.durationMs - untouched.durationMs;
    expect(heldUpMs).toBeGreaterThan(0.95 * held.faultCount * 5.5);
    expect(held.sentPages).toBe(touching.pageCount);
    // Answered one by one, as in-stream, faulted pages take messages of their own.
    const inStream = await run('post-copy', { ...touching, transfer: { faults: 'in-stream' } });
    expect(inStream.sends.filter(({ bytes }) => bytes < 2 * 4096).length).toBeGreaterThan(10);
    expect(held.sends.filter(({ bytes }) => bytes > 4096 && bytes < 2 * 4096).length).toBeLessThan(10);
  });

  test('without a fault blocking costs nothing', async () => {
    const idle = { ...touching, dirtyPagesPerMs: 0 };
    const [held, inStream] = [
      await run('post-copy', { ...idle, ...blocking }),
      await run('post-copy', { ...idle, transfer: { faults: 'in-stream' } }),
    ];
    expect(held.durationMs).toBe(inStream.durationMs);
  });
});

describe('transfer.dirtyBitmap', () => {
  test('false sends every page again after the switchover, even if the guest dirtied nothing', async () => {
    const idle = { dirtyPagesPerMs: 0 };
    const sent = async (dirtyBitmap: boolean): Promise<number> =>
      (await run('hybrid', { ...idle, transfer: { dirtyBitmap } })).sentPages;
    expect(await sent(false)).toBe(2 * 1024);
    expect(await sent(true)).toBe(1024);
  });
});

describe('auto-converge', () => {
  /** Twice what the link carries. */
  const flooding = {
    pageCount: 8192,
    regionPages: 8192,
    dirtyPagesPerMs: 60,
    limits: { downtimeLimitMs: 50, maxPrecopyMs: 30_000, maxRounds: 10_000 },
  };

  test('slows the guest down until pre-copy can catch up', async () => {
    const { source, verified } = await run('pre-copy', {
      ...flooding,
      capabilities: { 'auto-converge': true },
    });
    expect(source.error).toBeNull();
    expect(verified).toMatchObject({ mismatches: 0, staleReads: 0 });
    const { cpuThrottlePercentage, vcpuTimeTakenMs } = source.capabilities['auto-converge']!;
    expect(cpuThrottlePercentage).toBeGreaterThanOrEqual(50);
    expect(vcpuTimeTakenMs).toBeGreaterThan(1000);
  });

  test('without it pre-copy does not converge', async () => {
    const { source, guestAt } = await run('pre-copy', flooding);
    expect(source.error?.code).toBe('NOT_CONVERGED');
    expect(guestAt).toBe('source');
  });
});
