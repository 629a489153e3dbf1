import { expect, test } from '@jest/globals';
import { defaultCapabilities } from '#catalogue/capabilities';
import { switchesOf } from '#harness/report/switches';
import { scriptedScenario } from '#test/support/scripted-testbed';

test('a run without switches lists none', () => {
  expect(switchesOf(scriptedScenario)).toEqual([]);
});

test('every switch is listed', () => {
  const scenario = {
    ...scriptedScenario,
    limits: { ...scriptedScenario.limits, maxBandwidthMbps: 4400, maxPostcopyBandwidthMbps: 300 },
    transfer: { dirtyBitmap: false },
    capabilities: { ...defaultCapabilities, 'postcopy-preempt': 'blocking', 'uniform-pages': true as const },
    workload: { ...scriptedScenario.workload, content: 'uniform' as const },
  };
  expect(switchesOf(scenario)).toEqual([
    'at most 4.40 Gb/s before the switchover',
    'at most 300 Mb/s in post-copy',
    'no dirty bitmap',
    'postcopy-preempt=blocking',
    'uniform-pages',
    'uniform content',
  ]);
});
