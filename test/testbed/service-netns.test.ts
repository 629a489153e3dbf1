import { describe, expect, test } from '@jest/globals';
import { sweepLoad } from '#harness/load-sweep';
import type { RunResult } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { runScenario } from '#harness/run';
import type { RunnableScenario } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { netnsDriver } from '#harness/testbed/netns/index';

/** A service in the guest, asked from outside while it moves between real agents over a real link. */

const support = await netnsDriver.probe();
const attempts = 4;
const rate = 300;

const scenarioOf = (strategy: string, workload = 'service:16MiB') =>
  loadScenario(undefined, {
    ...{ link: 'coleraine-dublin-1g', driver: 'netns', strategy, workload },
    guest: { ram: '64MiB', baseFootprint: '8MiB' },
    load: { rate, timeoutMs: 500 },
    warmupMs: 1000,
  });

if (!support.supported) test.skip(`a service: driver netns: ${support.reason}`, () => undefined);
else
  describe('a service in the guest', () => {
    /** A busy machine may spoil a run, rightly refused as invalid: once more then. */
    const run = async (kept: KeptTestbed, scenario: RunnableScenario): Promise<RunResult> => {
      for (let attempt = 1; ; attempt++) {
        const result = await runScenario(scenario, { driver: netnsDriver, testbeds: kept });
        if (result.state !== 'invalid' || attempt === attempts) return result;
        console.warn(`attempt ${attempt}: ${result.error.message}`);
      }
    };

    test('answers before, during and after its migration; what a broken strategy leaves stale is seen from outside', async () => {
      await using kept = new KeptTestbed();
      for (const strategy of ['pre-copy', 'post-copy']) {
        const result = await run(kept, await scenarioOf(strategy));
        expect(result.error).toBeNull();
        if (result.state !== 'completed') return;
        const { integrity, measurement, crossChecks } = result;
        expect(crossChecks.map(({ name, verdict }) => [name, verdict])).toEqual([
          ['downtime', 'agree'],
          ['wire-bytes', 'agree'],
          ['load', 'agree'],
        ]);
        expect(integrity).toMatchObject({ mismatches: 0, staleReads: 0, liveOnBothHostsMs: 0 });
        const { phases, during } = measurement.service!;
        expect(phases.before.repliesPerSecond).toBeGreaterThan(0.9 * rate);
        expect(phases.after.repliesPerSecond).toBeGreaterThan(0.9 * rate);
        expect([during.stale, phases.after.stale, during.otherErrors]).toEqual([0, 0, 0]);
        // Those that were due while nobody listened, and no other.
        expect(phases.downtime.timeouts).toBeGreaterThan(0);
        expect(phases.before.errors).toBe(0);
        expect(phases.postcopy === null).toBe(strategy === 'pre-copy');
        // The service's own pages are what its vCPU waited for.
        if (strategy === 'post-copy') expect(measurement.faults.count).toBeGreaterThan(0);
      }
      const broken = await run(kept, { ...(await scenarioOf('pre-copy')), strategy: 'broken-sends-stale' });
      expect(broken.error).toMatchObject({ code: 'INTEGRITY_VIOLATED' });
      if (broken.state === 'completed') return;
      expect(broken.evidence.measurement?.service?.phases.after.stale).toBeGreaterThan(0);
    });

    test('refuses what is too much for it, which the sweep of rates finds', async () => {
      const scenario = await scenarioOf('pre-copy', 'service:16MiB,serviceUs=4000,workers=4,backlog=4');
      const steps = await sweepLoad(scenario, { ratesPerSecond: [50, 500], durationMs: 1500 });
      const [light, heavy] = steps;
      expect(light).toMatchObject({ rate: 50, refused: 0 });
      expect(heavy!.refused).toBeGreaterThan(100);
      // One vCPU, 4 ms each.
      expect(heavy!.repliesPerSecond).toBeLessThan(260);
      expect(heavy!.stale + heavy!.otherErrors).toBe(0);
    });
  });
