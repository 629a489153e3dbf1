import { Command } from 'commander';
import { expect, test } from '@jest/globals';
import { addScenarioOptions, overridesOf } from '../../../../harness/cli/run-options.ts';

const overridesFor = (...args: string[]) => {
  const command = addScenarioOptions(new Command());
  return overridesOf(command.parse(args, { from: 'user' }).opts());
};

test('nothing given overrides nothing', () => {
  expect(overridesFor()).toEqual({});
});

test('capabilities, as text', () => {
  expect(overridesFor('--cap', 'xbzrle,multifd=4')).toEqual({ capabilities: 'xbzrle,multifd=4' });
});

test('the switches of the agent', () => {
  const args = ['--max-bandwidth', '4400', '--max-postcopy-bandwidth', '300', '--faults', 'blocking'];
  expect(overridesFor(...args, '--no-dirty-bitmap', '--uniform-pages')).toEqual({
    limits: { maxBandwidthMbps: '4400', maxPostcopyBandwidthMbps: '300' },
    transfer: { faults: 'blocking', dirtyBitmap: false, uniformPages: true },
  });
});
