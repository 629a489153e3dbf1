import { describe, expect, test } from '@jest/globals';
import type { CompletedRun } from '#harness/result';
import { loadDriver } from '#harness/testbed/index';
import { defaultCapabilities } from '#catalogue/capabilities';
import type { Capabilities } from '#proto/capabilities';
import { defaultLimits } from '#catalogue/limits';
import type { Limits } from '#catalogue/limits';
import type { Scenario } from '#harness/scenario';
import type { WorkloadConfig } from '#proto/guest';
import { completed, conformanceScenario, run } from '../conformance/migration.ts';

/** Each switch of the agent in a real migration, judged by every oracle. The link has 300 Mb/s and 5.5 ms. */

const driver = await loadDriver('netns');
const support = await driver.probe();
const pageCount = conformanceScenario.guest.ramBytes / 4096;

const migrated = async (
  strategy: string,
  change: {
    limits?: Partial<Limits>;
    transfer?: Scenario['transfer'];
    workload?: Partial<WorkloadConfig>;
    capabilities?: Capabilities;
  },
): Promise<CompletedRun> => {
  const result = completed(
    await run(driver, {
      strategy,
      limits: { ...defaultLimits, ...change.limits },
      transfer: { ...conformanceScenario.transfer, ...change.transfer },
      workload: { ...conformanceScenario.workload, ...change.workload },
      capabilities: change.capabilities ?? defaultCapabilities,
    }),
  );
  expect(result.integrity).toMatchObject({ pagesCompared: pageCount, mismatches: 0, staleReads: 0 });
  expect(result.crossChecks.map(({ verdict }) => verdict)).toEqual(['agree', 'agree']);
  const { ram } = result.measurement;
  expect(ram.precopyBytes + ram.downtimeBytes + ram.postcopyBytes).toBe(ram.transferred);
  return result;
};

const attempts = 4;

/** Of a cap: less would be a cap of another size, or one that counts something twice. */
const leastShare = 0.8;

/**
 * A machine that stalls for longer than the sender can make up for lowers its rate, which proves nothing; but nothing
 * may raise it. How exactly the pacer keeps a rate, its unit tests say on a clock of their own.
 */
const expectRate = async (mbps: number, measure: () => Promise<number>): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const rate = await measure();
    expect(rate).toBeLessThan(mbps * 1.03);
    if (rate > mbps * leastShare) return;
    console.warn(`attempt ${attempt}: ${rate.toFixed(1)} instead of ${mbps} Mb/s`);
    if (attempt === attempts) expect(rate).toBeGreaterThan(mbps * leastShare);
  }
};

/** Touches its region at random, so that it faults all the time. */
const random = { name: 'hotspot', hotWriteFraction: 0.9, hotRegionFraction: 1 } as const;

const switches = (): void => {
  test('limits.maxBandwidthMbps', async () => {
    await expectRate(150, async () => {
      const { measurement } = await migrated('hybrid', { limits: { maxBandwidthMbps: 150 } });
      return measurement.rounds[0]?.throughputMbps ?? 0;
    });
  });

  test('limits.maxPostcopyBandwidthMbps', async () => {
    await expectRate(150, async () => {
      const idle = { dirtyRatePagesPerSecond: 1 };
      const limits = { maxPostcopyBandwidthMbps: 150 };
      const { measurement } = await migrated('post-copy', { limits, workload: idle });
      return measurement.rounds[0]?.throughputMbps ?? 0;
    });
  });

  test('postcopy-preempt spares a fault the wait for what is in flight', async () => {
    const medianUs = async (capabilities: Capabilities): Promise<number> =>
      (await migrated('post-copy', { capabilities, workload: random })).measurement.faults.p50Us ?? 0;
    const preemptUs = await medianUs(defaultCapabilities);
    expect(preemptUs).toBeGreaterThan(5500);
    expect(await medianUs({ 'zero-page-detection': true })).toBeGreaterThan(2 * preemptUs);
  });

  test.each(['hybrid', 'post-copy'] as const)('postcopy-preempt=blocking, %s', async (strategy) => {
    const capabilities = { ...defaultCapabilities, 'postcopy-preempt': 'blocking' };
    const { faults } = (await migrated(strategy, { capabilities, workload: random })).measurement;
    expect(faults.count).toBeGreaterThan(0);
    expect(faults.p50Us).toBeGreaterThan(5500);
  });

  test('transfer.dirtyBitmap false', async () => {
    const { ram } = (await migrated('hybrid', { transfer: { dirtyBitmap: false } })).measurement;
    expect(ram.normal + ram.duplicate).toBe(2 * pageCount);
  });

  test('uniform-pages, workload.content uniform', async () => {
    const { ram, encodedPages } = (
      await migrated('pre-copy', {
        capabilities: { ...defaultCapabilities, 'uniform-pages': true },
        workload: { content: 'uniform' },
      })
    ).measurement;
    expect((encodedPages['uniform-pages'] ?? 0) * 4096).toBeGreaterThanOrEqual(
      conformanceScenario.workload.regionBytes,
    );
    expect(ram.normal * 4096).toBe(conformanceScenario.guest.baseFootprintBytes);
  });

  test('xbzrle, workload.content sparse: only the changes travel', async () => {
    const sparse = { content: 'sparse', dirtyRatePagesPerSecond: 20_000 } as const;
    const limits = { hybridRounds: 4 };
    const { capabilities } = (
      await migrated('hybrid', {
        limits,
        workload: sparse,
        capabilities: { ...defaultCapabilities, xbzrle: 64 },
      })
    ).measurement;
    const { pages = 0, bytes = 0 } = capabilities['xbzrle'] ?? {};
    expect(pages).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(pages * 80);
  });

  test('zstd, workload.content compressible: pages travel at a third of their size', async () => {
    const compressible = { content: 'compressible' } as const;
    const { capabilities } = (
      await migrated('hybrid', { workload: compressible, capabilities: { ...defaultCapabilities, zstd: 1 } })
    ).measurement;
    const { pages = 0, bytes = 0 } = capabilities['zstd'] ?? {};
    expect(pages * 4096).toBeGreaterThanOrEqual(conformanceScenario.workload.regionBytes / 2);
    expect(bytes).toBeLessThan(pages * 0.4 * 4096);
  });

  test('dedup, workload.content duplicate: repeated content does not travel', async () => {
    const duplicate = { content: 'duplicate' } as const;
    const { capabilities } = (
      await migrated('hybrid', { workload: duplicate, capabilities: { ...defaultCapabilities, dedup: 64 } })
    ).measurement;
    const { duplicateBlocks = 0 } = capabilities['dedup'] ?? {};
    const regionPages = conformanceScenario.workload.regionBytes / 4096;
    // The footprint comes first, in which nothing repeats: the first pages of the region pass before that is noticed.
    expect(duplicateBlocks).toBeGreaterThan(0.7 * 3 * regionPages);
  });
};

if (support.supported) describe('switches of the agent in netns', switches);
else test.skip(`switches of the agent in netns: ${support.reason}`, () => undefined);
