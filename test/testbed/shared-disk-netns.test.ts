import { describe, expect, test } from '@jest/globals';
import { strategyNames } from '#catalogue/strategies';
import type { RunResult } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { runScenario } from '#harness/run';
import type { RunnableScenario, RunOptions } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { netnsDriver } from '#harness/testbed/netns/index';
import { mebibyte } from '#proto/units';

/** Guests whose disk stays on the storage host, moved between real agents over a real link of 1 Gb/s. */

const support = await netnsDriver.probe();
const attempts = 4;
const sectors = (128 * mebibyte) / 4096;

const scenarioOf = async (strategy: string, region = ''): Promise<RunnableScenario> => {
  const scenario = await loadScenario(undefined, {
    link: 'coleraine-dublin-1g',
    driver: 'netns',
    guest: { ram: '64MiB', baseFootprint: '8MiB', disk: '128MiB,allocated=24MiB,storage=shared' },
    workload: `stress:8MiB@2000,diskWriteRate=1000,diskReadRate=500${region}`,
    warmupMs: 500,
  });
  return { ...scenario, strategy };
};

if (!support.supported) test.skip(`shared disks: driver netns: ${support.reason}`, () => undefined);
else
  describe('a guest whose disk stays on the storage host', () => {
    /** A busy machine may spoil a run, rightly refused as invalid: once more then. */
    const run = async (
      testbeds: KeptTestbed,
      scenario: RunnableScenario,
      options: Pick<RunOptions, 'fencing'> = {},
    ): Promise<RunResult> => {
      for (let attempt = 1; ; attempt++) {
        const result = await runScenario(scenario, { driver: netnsDriver, testbeds, ...options });
        if (result.state !== 'invalid' || attempt === attempts) return result;
        console.warn(`attempt ${attempt}: ${result.error.message}`);
      }
    };

    test('moves with every strategy: one lease after the other, and each sector compared', async () => {
      await using kept = new KeptTestbed();
      for (const strategy of strategyNames) {
        const result = await run(kept, await scenarioOf(strategy));
        expect(result.error).toBeNull();
        if (result.state !== 'completed') return;
        const { integrity, measurement } = result;
        expect(integrity.disk).toEqual({
          ...{ sectorsCompared: sectors, mismatches: 0, firstMismatches: [], staleReads: 0 },
          ...{ ioErrors: 0, writersAtOnceMs: 0 },
        });
        const { disk, storage, downtime } = measurement;
        expect(storage).toMatchObject({ epochs: 2, lateWritesRefused: 0, writersAtOnceMs: 0 });
        expect(disk).toMatchObject({ total: 128 * mebibyte, transferred: 0 });
        expect(disk!.io!.before.count).toBeGreaterThan(100);
        expect(disk!.io!.after.count).toBeGreaterThan(10);
        // What the guest counts is what the storage host has done.
        const { before, during, after } = disk!.io!;
        expect(storage!.reads + storage!.writes).toBeGreaterThanOrEqual(
          before.count + during.count + after.count,
        );
        // A lease at the destination is a round trip away.
        expect(downtime.leaseMs).toBeGreaterThan(result.link.calibration!.rttMs);
      }
    });

    test('a source that goes on writing is fenced; a naive export is found out (negative control)', async () => {
      await using kept = new KeptTestbed();
      const scenario = await scenarioOf('broken-naive-export', ',diskRegion=1MiB');
      const fenced = await run(kept, scenario);
      expect(fenced.error).toBeNull();
      expect(fenced.integrity?.disk).toMatchObject({ mismatches: 0, staleReads: 0, writersAtOnceMs: 0 });
      expect(fenced.integrity!.disk!.ioErrors).toBeGreaterThan(0);
      if (fenced.state === 'completed')
        expect(fenced.measurement.storage!.lateWritesRefused).toBeGreaterThan(0);

      const naive = await run(kept, scenario, { fencing: false });
      expect(naive.error).toMatchObject({ code: 'INTEGRITY_VIOLATED' });
      expect(naive.error?.message).toMatch(/both hosts wrote to the disk/);
      expect(naive.integrity).toMatchObject({ mismatches: 0, staleReads: 0, liveOnBothHostsMs: 0 });
      const { mismatches, staleReads } = naive.integrity!.disk!;
      expect(mismatches + staleReads).toBeGreaterThan(0);
    });
  });
