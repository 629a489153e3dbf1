import { describe, expect, test } from '@jest/globals';
import { DirtyRecorder } from '#hosts/guest/dirty-recorder';
import { ModelGuest } from '#hosts/simulation/model-guest';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import { decodeDirtyIntervals } from '#proto/dirty-history';
import { pageSizeBytes } from '#proto/units';
import { loopbackGuest } from '#test/support/loopback-migration';

const guestOf = async (clock: VirtualClock): Promise<ModelGuest> =>
  ModelGuest.boot(
    {
      ...loopbackGuest,
      ramBytes: 1024 * pageSizeBytes,
      vcpus: 1,
      baseFootprintBytes: 512 * pageSizeBytes,
      workload: {
        ...loopbackGuest.workload,
        name: 'stress',
        regionBytes: 400 * pageSizeBytes,
        dirtyRatePagesPerSecond: 1000,
      },
    },
    'source',
    clock,
  );

const pass = (clock: VirtualClock, ms: number): Promise<void> =>
  clock.run(new Promise<void>((resolve) => clock.timer(ms, resolve)), ms);

describe('a recorder of what a guest dirties', () => {
  test('has each interval with its pages, whatever a migration takes from its own log meanwhile', async () => {
    const clock = new VirtualClock();
    const guest = await guestOf(clock);
    guest.resume();
    await pass(clock, 50);
    guest.memory.drainDirty();
    const recorder = new DirtyRecorder(guest, 100, clock);
    await pass(clock, 150);
    const inMigration = guest.memory.drainDirty();
    await pass(clock, 150);
    const { intervals, full, blob } = recorder.stop();
    const found = decodeDirtyIntervals(blob, 1024);
    expect([intervals, full]).toEqual([3, false]);
    expect(found.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBeCloseTo(300, 3);
    // A page a millisecond, one after the other.
    const pages = found.map(({ runs }) => Array.from(runs));
    expect(pages.map(([first, count]) => [first, count])).toEqual([
      [pages[0]![0], expect.any(Number)],
      [pages[0]![0]! + pages[0]![1]!, expect.any(Number)],
      [pages[1]![0]! + pages[1]![1]!, expect.any(Number)],
    ]);
    expect(pages.reduce((sum, [, count = 0]) => sum + count, 0)).toBeGreaterThan(290);
    // The migration's log has lost nothing to the recorder either.
    expect(inMigration.count).toBeGreaterThan(140);
    expect(guest.memory.drainDirty().count).toBeGreaterThan(140);
    guest.destroy();
  });

  test('logs nothing before it begins or after it ends, and ends with the guest', async () => {
    const clock = new VirtualClock();
    const guest = await guestOf(clock);
    guest.resume();
    await pass(clock, 50);
    expect(guest.memory.drainLog().count).toBe(0);
    const recorder = new DirtyRecorder(guest, 20, clock);
    await pass(clock, 50);
    await guest.pause();
    await pass(clock, 200);
    guest.resume();
    await pass(clock, 50);
    const found = decodeDirtyIntervals(recorder.stop().blob, 1024);
    expect(found).toHaveLength(3);
    expect(guest.memory.drainLog().count).toBe(0);
    guest.destroy();
  });
});
