import { describe, expect, test } from '@jest/globals';
import { strategyNames } from '#catalogue/strategies';
import type { RunResult } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { runScenario } from '#harness/run';
import type { RunnableScenario } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { netnsDriver } from '#harness/testbed/netns/index';
import { mebibyte } from '#proto/units';

/** Guests with a disk, moved between real agents over a real link of 1 Gb/s, and judged by every oracle. */

const support = await netnsDriver.probe();
const attempts = 4;
const diskBytes = 128 * mebibyte;

const scenarioOf = (strategy: string, workload: string) =>
  loadScenario(undefined, {
    link: 'coleraine-dublin-1g',
    driver: 'netns',
    strategy,
    guest: { ram: '64MiB', baseFootprint: '8MiB', disk: '128MiB,allocated=24MiB' },
    workload: `${workload},diskWriteRate=1000,diskReadRate=500`,
    warmupMs: 500,
  });

if (!support.supported) test.skip(`disks: driver netns: ${support.reason}`, () => undefined);
else
  describe('a guest with a disk', () => {
    /** A busy machine may spoil a run, rightly refused as invalid: once more then. */
    const run = async (kept: KeptTestbed, scenario: RunnableScenario): Promise<RunResult> => {
      for (let attempt = 1; ; attempt++) {
        const result = await runScenario(scenario, { driver: netnsDriver, testbeds: kept });
        if (result.state !== 'invalid' || attempt === attempts) return result;
        console.warn(`attempt ${attempt}: ${result.error.message}`);
      }
    };

    test('moves with every strategy, each sector compared; sectors that a broken strategy leaves out are found', async () => {
      await using kept = new KeptTestbed();
      for (const strategy of strategyNames) {
        const scenario = await scenarioOf(strategy, 'stress:8MiB@2000');
        const result = await run(kept, scenario);
        expect(result.error).toBeNull();
        if (result.state !== 'completed') return;
        const { integrity, measurement, crossChecks } = result;
        expect(crossChecks.map(({ verdict }) => verdict)).toEqual(['agree', 'agree']);
        expect(integrity).toMatchObject({
          ...{ pagesCompared: 16_384, mismatches: 0, staleReads: 0, liveOnBothHostsMs: 0 },
          disk: { sectorsCompared: diskBytes / 4096, mismatches: 0, staleReads: 0 },
        });
        const { disk, downtime, downtimeMs, wire } = measurement;
        expect(disk).toMatchObject({ total: diskBytes });
        expect(disk!.blockBytes).toBeGreaterThanOrEqual(24 * mebibyte);
        expect(wire.sourceToDestinationBytes).toBeGreaterThan(disk!.transferred);
        expect(downtime.drainMs).toBeGreaterThanOrEqual(0);
        // Paused first: nothing of the disk is live.
        if (strategy === 'stop-and-copy') expect(downtimeMs).toBeGreaterThan((24 * mebibyte * 8) / 1_000_000);
        else expect(downtimeMs).toBeLessThan(result.measurement.totalTimeMs / 2);
      }
      // Negative control: it reads its memory and writes its disk, so that nothing but the disk is stale.
      const { workload, ...rest } = await scenarioOf('pre-copy', 'read:8MiB');
      const broken = await run(kept, { ...rest, workload, strategy: 'broken-sends-stale' });
      expect(broken.error).toMatchObject({ code: 'INTEGRITY_VIOLATED' });
      expect(broken.error?.message).toMatch(/sectors of the disk differ|stale sectors/);
      expect(broken.integrity).toMatchObject({ mismatches: 0, staleReads: 0 });
    });
  });
