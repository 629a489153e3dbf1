import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { loadDriver } from '#harness/testbed/index';
import { mebibyte } from '#proto/units';
import { completed, conformanceScenario, run } from '../conformance/migration.ts';

/** Links on which what is in flight takes longer than the time limits for a fast link. */

const driver = await loadDriver('netns');
const support = await driver.probe();
const linkOf = (file: string): string => fileURLToPath(new URL(`../support/${file}`, import.meta.url));

const scenarioOver = (file: string, footprintBytes: number) => ({
  link: linkOf(file),
  guest: {
    ...conformanceScenario.guest,
    ramBytes: 8 * mebibyte,
    vcpus: 1,
    baseFootprintBytes: footprintBytes / 2,
    deviceStateBytes: 16_384,
  },
  workload: {
    ...conformanceScenario.workload,
    regionBytes: footprintBytes / 2,
    dirtyRatePagesPerSecond: 5,
  },
  // A ping each millisecond would fill a third of such a link.
  pingIntervalMs: 5,
});

(support.supported ? describe : describe.skip)('a guest moves', () => {
  test.each([
    ['at 2 Mb/s', 'slow-2m.yaml', 'pre-copy', 5 * mebibyte],
    ['while 3 % of the packets are lost', 'lossy-10m.yaml', 'hybrid', mebibyte],
  ] as const)('%s', async (_, file, strategy, footprintBytes) => {
    const result = completed(await run(driver, { ...scenarioOver(file, footprintBytes), strategy }));
    expect(result.integrity).toMatchObject({ pagesCompared: 2048, mismatches: 0, staleReads: 0 });
    const { totalTimeMs, ram } = result.measurement;
    // No faster than the link.
    expect((ram.transferred * 8) / (totalTimeMs * 1000)).toBeLessThan(
      result.link.definition!.sourceToDestination.rateMbps,
    );
  });
});
