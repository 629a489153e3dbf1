import { describe, expect, test } from '@jest/globals';
import { loadProfile } from '#harness/profiles';
import type { CompletedRun } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { runScenario } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { netnsDriver } from '#harness/testbed/netns/index';
import type { Testbed, TestbedDriver } from '#harness/testbed/testbed';
import type { LinkProfile } from '#proto/link';
import { mebibyte } from '#proto/units';

const support = await netnsDriver.probe();
const link = 'coleraine-dublin-1g';
const profile = loadProfile(link);
const scenario = await loadScenario(undefined, {
  link,
  driver: 'netns',
  strategy: 'hybrid',
  guest: '96MiB,baseFootprint=24MiB',
  workload: 'stress:24MiB@4000',
  warmupMs: 500,
});
const never = new AbortController().signal;
const attempts = 5;

/** A driver that gives the test access to its testbeds. */
const watched = (): { driver: TestbedDriver; up: Testbed[] } => {
  const up: Testbed[] = [];
  const driver: TestbedDriver = {
    ...netnsDriver,
    up: async (options) => {
      const testbed = await netnsDriver.up(options);
      up.push(testbed);
      return testbed;
    },
  };
  return { driver, up };
};

/** Changes a testbed's link without its keeper's knowledge. */
const tamper = async (
  { connect, topology }: Testbed,
  change: Partial<LinkProfile['sourceToDestination']>,
) => {
  const wan = connect('wan');
  const tampered = {
    ...profile,
    sourceToDestination: { ...profile.sourceToDestination, ...change },
    destinationToSource: { ...profile.destinationToSource, ...change },
  };
  const [backend] = (await wan.call('probeBackends', {})).filter(({ supported }) => supported);
  await wan.call('applyLink', {
    profile: tampered,
    backend: backend!.backend,
    delayCorrectionMs: 0,
    seed: 1,
    interfaces: topology.router,
  });
  wan.close();
};

if (!support.supported) test.skip(`kept testbeds: driver netns: ${support.reason}`, () => undefined);
else
  describe('a kept testbed', () => {
    /** A busy machine may spoil a run, rightly refused as invalid, and with it the testbed: once more then. */
    const run = async (kept: KeptTestbed, driver: TestbedDriver): Promise<CompletedRun> => {
      for (let attempt = 1; ; attempt++) {
        const result = await runScenario(scenario, { driver, testbeds: kept });
        if (result.state === 'completed') return result;
        if (result.state !== 'invalid' || attempt === attempts) throw new Error(result.error.message);
        console.warn(`attempt ${attempt}: ${result.error.message}`);
      }
    };

    /** Two runs in a row over the testbed that is still up; a spoilt run in between would have cost it. */
    const twoRuns = async (
      kept: KeptTestbed,
      { driver, up }: ReturnType<typeof watched>,
    ): Promise<[string, string]> => {
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const first = await run(kept, driver);
        const testbeds = up.length;
        const second = await run(kept, driver);
        // A round trip that has changed meanwhile has the link measured anew, as the next test wants it.
        const measuredBy = second.link.calibration?.throughputMeasured.runId;
        if (up.length === testbeds && measuredBy === first.runId) return [first.runId, second.runId];
      }
      throw new Error(`expected two runs over one testbed in ${attempts} attempts`);
    };

    test('carries one migration after another, each with its own guest and counters', async () => {
      const { driver, up } = watched();
      await using kept = new KeptTestbed();
      const results = [await run(kept, driver), await run(kept, driver), await run(kept, driver)];
      for (const { measurement, integrity, crossChecks } of results) {
        expect(integrity).toMatchObject({ mismatches: 0, staleReads: 0, liveOnBothHostsMs: 0 });
        expect(crossChecks.map(({ verdict }) => verdict)).toEqual(['agree', 'agree']);
        // 48 MiB and what was dirtied again: nothing from earlier runs is counted.
        expect(measurement.wire.sourceToDestinationBytes).toBeGreaterThan(48 * mebibyte);
        expect(measurement.wire.sourceToDestinationBytes).toBeLessThan(96 * mebibyte);
      }
      expect(new Set(results.map(({ runId }) => runId)).size).toBe(3);
      expect(up.length).toBeLessThan(3 + attempts);
    });

    test('invalidates its runs when its link turns out to be slower at the end', async () => {
      const watch = watched();
      await using kept = new KeptTestbed();
      const runIds = await twoRuns(kept, watch);
      await tamper(watch.up.at(-1)!, { rateMbps: profile.sourceToDestination.rateMbps / 2 });
      await kept.close(never);
      const refuted = kept.takeRefuted();
      expect(refuted?.reasons.join()).toMatch(/goodput source to destination is 4\d\d Mb\/s/);
      expect(runIds).toEqual(expect.arrayContaining([...(refuted?.runIds ?? [])]));
      expect(refuted?.runIds).toContain(runIds[1]);
    });

    test('shapes its link again when its round trip has changed', async () => {
      const { driver, up } = watched();
      await using kept = new KeptTestbed();
      await run(kept, driver);
      await tamper(up.at(-1)!, { delayMs: 2 * profile.sourceToDestination.delayMs });
      const { link: found, runId } = await run(kept, driver);
      expect(found.calibration?.throughputMeasured.runId).toBe(runId);
      expect(Math.abs((found.calibration?.rttMs ?? 0) - 5.5)).toBeLessThan(0.3);
    });
  });
