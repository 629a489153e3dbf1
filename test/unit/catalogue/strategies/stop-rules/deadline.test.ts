import { describe, expect, test } from '@jest/globals';
import deadline from '#catalogue/stop-rules/deadline';
import { defaultLimits } from '#catalogue/limits';
import { parseScenario } from '#harness/scenario';
import { movedWhole, triedNamed } from '#test/support/trials';

/** A guest whose 64 MiB take 0.57 s at 1 Gb/s. */
const guest = { pageCount: 16_384, regionPages: 16_384 };
/** Faster than the link, so that no downtime limit is ever met. */
const hopeless = { ...guest, dirtyPagesPerMs: 100 };

const underDeadline = (deadlineMs: number, change: object) =>
  triedNamed('pre-copy', {
    ...change,
    limits: { convergence: 'deadline', downtimeLimitMs: 20, deadlineMs },
  });

describe('a guest that dirties pages faster than the link carries them', () => {
  test.each([1000, 1500, 2500, 5000])('is moved within %i ms', async (deadlineMs) => {
    const migration = await underDeadline(deadlineMs, hopeless);
    expect(migration).toMatchObject(movedWhole);
    expect(migration.durationMs).toBeLessThanOrEqual(deadlineMs);
    // The time is used, not given away: pre-copy goes on as long as the rest may still arrive.
    expect(migration.durationMs).toBeGreaterThan(0.5 * deadlineMs);
    expect(migration.downtimeMs).toBeGreaterThan(20);
  });

  test("needs longer under Xen's rule, which promises nothing", async () => {
    const { durationMs } = await triedNamed('pre-copy', { ...hopeless, limits: { convergence: 'xen' } });
    expect(durationMs).toBeGreaterThan(1500);
  });
});

describe('a guest that fits the downtime limit', () => {
  const calm = { ...guest, dirtyPagesPerMs: 1, regionPages: 256 };

  test('does not wait for the deadline', async () => {
    const migration = await underDeadline(60_000, calm);
    expect(migration).toMatchObject(movedWhole);
    expect(migration.durationMs).toBeLessThan(2000);
    expect(migration.downtimeMs).toBeLessThan(50);
  });

  test('whose RAM is mostly zero is not paused early: zero pages are not counted as pending', async () => {
    const migration = await underDeadline(1000, { ...calm, pageCount: 131_072, footprintPages: 8192 });
    expect(migration).toMatchObject(movedWhole);
    expect(migration.rounds).toBeGreaterThan(1);
    expect(migration.downtimeMs).toBeLessThan(50);
  });
});

describe('what can be estimated beforehand', () => {
  const refusal = (deadlineMs: number, firstRoundBytes = 118e6) =>
    deadline.refuses?.(
      { firstRoundBytes, deviceStateBytes: 0, rateMbps: 1000, rttMs: 5 },
      { ...defaultLimits, deadlineMs },
    );

  test('118 MB at nine tenths of 1 Gb/s, four round trips of 5 ms and 50 ms of work', () => {
    expect(refusal(1119)).toBeUndefined();
    expect(refusal(1118)).toContain('at least 1119 ms');
  });

  const problemsOf = (change: object): readonly string[] =>
    parseScenario(
      {
        link: 'lan-1g',
        strategy: 'pre-copy',
        guest: '1GiB,baseFootprint=256MiB',
        workload: 'stress:128MiB',
        limits: { convergence: 'deadline', deadlineMs: 2000 },
        ...change,
      },
      {},
      ['lan-1g'],
    ).problems;

  test('is refused in a scenario', () => {
    expect(problemsOf({})).toEqual([expect.stringMatching(/^limits\.convergence: deadline: expected a deadline of at least \d+ ms/)]); // prettier-ignore
    expect(problemsOf({ limits: { convergence: 'deadline', deadlineMs: 6000 } })).toEqual([]);
  });

  test('counts zero pages if they travel in full, and the cap on bandwidth', () => {
    const limits = { convergence: 'deadline', deadlineMs: 6000 };
    expect(problemsOf({ limits, capabilities: { 'zero-page-detection': false } })).toHaveLength(1);
    expect(problemsOf({ limits: { ...limits, maxBandwidthMbps: 100 } })).toHaveLength(1);
  });

  test("counts the disk's allocated blocks, which travel too", () => {
    const withDisk = (allocated: string) => ({
      ram: '1GiB',
      baseFootprint: '256MiB',
      disk: `2GiB,allocated=${allocated},storage=block`,
    });
    const limits = { convergence: 'deadline', deadlineMs: 6000 };
    expect(problemsOf({ guest: withDisk('16MiB'), limits })).toEqual([]);
    expect(problemsOf({ guest: withDisk('1GiB'), limits })).toHaveLength(1);
  });
});
