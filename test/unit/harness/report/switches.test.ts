import { expect, test } from '@jest/globals';
import { switchesOf } from '../../../../harness/report/switches.ts';
import { scriptedScenario } from '../../../support/scripted-testbed.ts';

test('a run without switches has none to tell of', () => {
  expect(switchesOf(scriptedScenario)).toEqual([]);
});

test('every switch is told', () => {
  const scenario = {
    ...scriptedScenario,
    limits: { ...scriptedScenario.limits, maxBandwidthMbps: 4400, maxPostcopyBandwidthMbps: 300 },
    transfer: { channels: 1, faults: 'blocking' as const, dirtyBitmap: false, uniformPages: true },
    workload: { ...scriptedScenario.workload, content: 'uniform' as const },
  };
  expect(switchesOf(scenario)).toEqual([
    'at most 4.40 Gb/s before the switchover',
    'at most 300 Mb/s in post-copy',
    'faults blocking',
    'no dirty bitmap',
    'uniform content',
    'uniform pages elided',
  ]);
});
