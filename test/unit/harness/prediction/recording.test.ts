import { expect, test } from '@jest/globals';
import type { DirtyHistory } from '#harness/prediction/history';
import { lengthMsOf, pagesOf } from '#harness/prediction/history';
import { recordHistory } from '#harness/record-history';
import { runScenario } from '#harness/run';
import type { Scenario } from '#harness/scenario';
import { parseScenario } from '#harness/scenario';
import { simDriver } from '#harness/testbed/sim/driver';

const scenarioOf = (change: object = {}): Scenario => {
  const { scenario, problems } = parseScenario(
    {
      driver: 'sim',
      link: 'lan-1g',
      guest: '32MiB,baseFootprint=8MiB',
      workload: 'cyclic:16MiB,periodMs=1000,lowRate=400,highRate=4000',
      strategy: 'pre-copy',
      warmupMs: 1000,
      ...change,
    },
    {},
    ['lan-1g'],
  );
  if (scenario === undefined) throw new Error(problems.join('; '));
  return scenario;
};

test('a recording shows the rates of the workload in turn', async () => {
  const history = await recordHistory(
    scenarioOf(),
    { durationMs: 4000, intervalMs: 100 },
    { driver: simDriver },
  );
  expect(history.header).toMatchObject({ driver: 'sim', pageCount: 8192, nonZeroPages: 6144, full: false });
  expect(history.header.sinceStartMs).toBeCloseTo(1000, 6);
  expect(lengthMsOf(history)).toBeCloseTo(4000, 3);
  const perSecond = history.intervals.map((interval) => (pagesOf(interval) * 1000) / interval.durationMs);
  // The guest began with a slow half, a second before.
  expect(Math.max(...perSecond.slice(1, 4))).toBeLessThan(600);
  expect(Math.min(...perSecond.slice(6, 9))).toBeGreaterThan(3500);
});

test('recording does not change a run: its measurement is the same, byte by byte', async () => {
  const scenario = scenarioOf();
  const plain = await runScenario(scenario, { driver: simDriver });
  let history: DirtyHistory | null = null;
  const recorded = await runScenario(scenario, {
    driver: simDriver,
    onHistory: (given) => (history = given),
  });
  expect(plain.state).toBe('completed');
  expect(recorded.measurement).toEqual(plain.measurement);
  expect(recorded.integrity).toEqual(plain.integrity);
  const { header, intervals } = history as unknown as DirtyHistory;
  expect(header.runId).toBe(recorded.runId);
  // From the warm-up to the guest's last instruction at the source.
  const { downtimeStartMs = 0 } = recorded.measurement ?? {};
  expect(lengthMsOf({ intervals })).toBeGreaterThan(scenario.warmupMs + downtimeStartMs - 100);
  expect(lengthMsOf({ intervals })).toBeLessThan(scenario.warmupMs + downtimeStartMs + 200);
});
