import { beforeEach, describe, expect, test } from '@jest/globals';
import { verifyMemory } from '#hosts/guest/verify';
import { ModelGuest, SegmentPool } from '#hosts/simulation/model-guest';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import type { GuestConfig } from '#proto/guest';
import { mebibyte } from '#proto/units';

const config: GuestConfig = {
  ramBytes: 2 * mebibyte,
  vcpus: 2,
  baseFootprintBytes: mebibyte / 2,
  deviceStateBytes: 1024,
  prealloc: false,
  seed: 3,
  workload: {
    name: 'stress',
    regionBytes: mebibyte,
    dirtyRatePagesPerSecond: 4000,
    hotWriteFraction: 0,
    hotRegionFraction: 1,
    content: 'random',
    pattern: 'sequential',
  },
};

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});
const pass = (ms: number): Promise<void> =>
  clock.run(new Promise<void>((resolve) => clock.timer(ms, resolve)), ms);
const boot = (host: 'source' | 'destination', change: Partial<GuestConfig> = {}): Promise<ModelGuest> =>
  ModelGuest.boot({ ...config, ...change }, host, clock);

describe('a guest in virtual time', () => {
  test('dirties pages at its rate while it runs, and only then', async () => {
    const guest = await boot('source');
    expect(guest.lastInstructionAtMs).toBeNull();
    guest.resume();
    await pass(100);
    expect(guest.lastInstructionAtMs).toBe(clock.nowMs());
    await guest.pause();
    const atMs = clock.nowMs();
    expect(guest.memory.drainDirty().count).toBeGreaterThan(240);
    expect(guest.sample().pagesDirtied).toBeGreaterThanOrEqual(395);
    expect(guest.sample().pagesDirtied).toBeLessThanOrEqual(400);
    await pass(100);
    expect(guest.memory.drainDirty().count).toBe(0);
    expect(guest.lastInstructionAtMs).toBe(atMs);
  });

  test('repeats nothing and skips nothing, however often it is stopped', async () => {
    const guest = await boot('source');
    for (let nth = 0; nth < 20; nth++) {
      guest.resume();
      await pass(7);
      await guest.pause();
      await pass(3);
    }
    const { pagesDirtied, operations } = guest.sample();
    expect(pagesDirtied).toBe(operations);
    const { ledger } = guest.memory;
    expect(await verifyMemory(guest, Buffer.from(ledger.buffer))).toMatchObject({
      mismatches: 0,
      staleReads: 0,
    });
  });

  test('waits for a missing page, requests it, and repeats the step once it has arrived', async () => {
    const source = await boot('source', { vcpus: 1 });
    const guest = await boot('destination', { vcpus: 1 });
    guest.loadRegisters(source.saveDeviceState().state.subarray(-64));
    const asked: number[] = [];
    guest.onFault = (page) => {
      asked.push(page);
      clock.timer(5, () => {
        guest.memory.copyFrom(page, source.memory.segmentOf(page), source.memory.offsetOf(page));
        guest.memory.markPresent(page);
        guest.wakeWaiters();
      });
    };
    guest.resume();
    await pass(52);
    await guest.pause();
    // stress walks: no page is left out, and none asked for twice.
    const first = asked[0] ?? -1;
    expect(asked).toEqual(Array.from({ length: asked.length }, (_, nth) => first + nth));
    expect(asked.length).toBeGreaterThan(8);
    const { counters, faults, leftOut } = guest.faults;
    const { count, p50Us } = counters;
    expect(faults.map(({ page }) => page)).toEqual(asked.slice(0, count));
    for (const { requestedAtMs, answeredAtMs } of faults)
      expect(answeredAtMs - requestedAtMs).toBeCloseTo(5, 6);
    expect(leftOut).toBe(0);
    expect(count).toBe(asked.length - 1);
    expect(p50Us).toBe(5000);
    expect(guest.sample().stalledMs).toBeCloseTo(5 * count, 5);
    const { ledger } = source.memory;
    const verified = await verifyMemory(guest, Buffer.from(ledger.buffer));
    expect(verified.staleReads).toBe(0);
  });

  test('is throttled by the requested share', async () => {
    const guest = await boot('source');
    guest.throttle(75);
    guest.resume();
    await pass(2000);
    expect(guest.throttledMs / (2 * 2000)).toBeCloseTo(0.75, 1);
  });

  test('runs flat out without a rate', async () => {
    const guest = await boot('source', { workload: { ...config.workload, dirtyRatePagesPerSecond: 0 } });
    guest.resume();
    await pass(20);
    await guest.pause();
    expect(guest.sample().operations).toBeGreaterThan(2 * 20 * 400);
  });

  test('a read of anything but what it wrote is a stale read', async () => {
    const guest = await boot('source');
    guest.memory.clear(130);
    guest.resume();
    await pass(100);
    expect(guest.memory.staleReads).toBe(1);
  });

  test('has no device state yet at the destination', async () => {
    const guest = await boot('destination');
    expect(() => guest.saveDeviceState()).toThrow(/booted at the source/);
  });
});

describe('memory that is reused', () => {
  test('is zero, also for a guest of another size', async () => {
    const segments = new SegmentPool();
    const first = await ModelGuest.boot(config, 'source', clock, segments);
    const segment = first.memory.segmentOf(0);
    first.destroy();
    const other = await ModelGuest.boot(
      { ...config, ramBytes: 1.2 * mebibyte },
      'destination',
      clock,
      segments,
    );
    expect(other.memory.segmentOf(0).buffer).toBe(segment.buffer);
    expect(segment.every((byte) => byte === 0)).toBe(true);
  });
});
