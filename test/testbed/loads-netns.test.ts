import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { runScenario } from '#harness/run';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { loadScenario } from '#harness/scenario';
import { groupName, hierarchyHere } from '#harness/testbed/control-group';
import { netnsDriver } from '#harness/testbed/netns/index';

/** Traffic and CPU load beside real migrations, and what is left of them: nothing. */

const support = await netnsDriver.probe();
const hierarchy = process.getuid?.() === 0 ? await hierarchyHere().catch(() => null) : null;
const attempts = 4;

const base = {
  link: 'lan-1g',
  driver: 'netns',
  strategy: 'pre-copy',
  guest: { ram: '64MiB', baseFootprint: '32MiB' },
  workload: 'stress:8MiB@1000',
  warmupMs: 1_000,
};

/** A busy machine may spoil a run, rightly refused as invalid: once more then. */
const runOf = async (kept: KeptTestbed, more: object): Promise<RunResult> => {
  const scenario = await loadScenario(undefined, { ...base, ...more });
  for (let attempt = 1; ; attempt++) {
    const result = await runScenario(scenario, { driver: netnsDriver, testbeds: kept });
    if (result.state !== 'invalid' || attempt === attempts) return result;
    console.warn(`attempt ${attempt}: ${result.error.message}`);
  }
};

/** Groups of this process. */
const groupsLeft = (): string[] =>
  hierarchy === null
    ? []
    : readdirSync(hierarchy.directory).filter((name) => name.startsWith(groupName('').slice(0, -1)));

if (!support.supported) test.skip(`loads: driver netns: ${support.reason}`, () => undefined);
else
  describe('beside a migration', () => {
    test('traffic of every kind has its rate, and is counted apart', async () => {
      await using kept = new KeptTestbed();
      const plain = await runOf(kept, {});
      const result = await runOf(kept, { traffic: 'ping:200;tcp:100;udp:100,from=destination' });
      expect(result.error).toBeNull();
      if (result.state !== 'completed' || plain.state !== 'completed') return;
      const { traffic = [], wire } = result.measurement;
      expect(traffic.map(({ kind }) => kind)).toEqual(['ping', 'tcp', 'udp']);
      expect(result.crossChecks.map(({ name, verdict }) => [name, verdict])).toEqual([
        ['downtime', 'agree'],
        ['wire-bytes', 'agree'],
        ...traffic.map(() => ['traffic', 'agree']),
      ]);
      for (const { duringMbps, offeredMbps } of traffic) expect(duringMbps).toBeGreaterThan(offeredMbps / 2);
      // Pages alone, as without traffic: the flows' bytes would be a multiple of the difference.
      const alone = plain.measurement.wire.sourceToDestinationBytes;
      expect(wire.sourceToDestinationBytes).toBeLessThan(1.5 * alone);
      expect(wire.trafficToDestinationBytes).toBeGreaterThan(0);
      expect(wire.trafficToSourceBytes).toBeGreaterThan(0);
    }, 240_000);

    const loads = hierarchy === null ? test.skip : test;
    loads(
      'a load has its share of the quota, and goes with the run',
      async () => {
        await using kept = new KeptTestbed();
        for (const share of [0.3, 0.6]) {
          const result = await runOf(kept, { hosts: { cpus: 0.5 }, hostLoad: { share } });
          expect(result.error).toBeNull();
          if (result.state !== 'completed') return;
          const { hostLoad } = result.measurement;
          for (const host of ['source', 'destination'] as const) {
            expect(Math.abs((hostLoad?.[host].achieved ?? 0) - share)).toBeLessThanOrEqual(0.05);
            expect(hostLoad?.[host].agentCores).toBeGreaterThan(0);
          }
          expect(groupsLeft()).toEqual([]);
        }
      },
      240_000,
    );
  });
