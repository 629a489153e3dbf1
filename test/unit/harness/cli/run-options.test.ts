import { Command } from 'commander';
import { expect, test } from '@jest/globals';
import { addScenarioOptions, keysBut, overridesOf } from '#harness/cli/run-options';

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
  const args = ['--max-bandwidth', '4400', '--max-postcopy-bandwidth', '300'];
  expect(overridesFor(...args, '--no-dirty-bitmap')).toEqual({
    limits: { maxBandwidthMbps: '4400', maxPostcopyBandwidthMbps: '300' },
    transfer: { dirtyBitmap: false },
  });
});

test('a command has the options that it names, and names none that do not exist', () => {
  const has = (only: readonly string[]) =>
    addScenarioOptions(new Command(), only).options.map(({ long }) => long);
  expect(has(['link', 'limits.maxBandwidthMbps', 'warmupMs'])).toEqual([
    '--link',
    '--max-bandwidth',
    '--warmup',
  ]);
  expect(has(keysBut(['strategy', 'repeat']))).toEqual(
    expect.arrayContaining(['--warmup', '--cap', '--hybrid-rounds']),
  );
  expect(has(keysBut(['strategy', 'repeat']))).not.toContain('--strategy');
  expect(() => has(['warmup'])).toThrow('got warmup');
});
