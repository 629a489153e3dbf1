import { expect, test } from '@jest/globals';
import { parseLimits } from '#harness/scenario';
import { toErrorDocument } from '#proto/errors';

const problemsOf = (document: object, others: string[] = []): readonly string[] => {
  try {
    parseLimits({ ...document }, others);
    return [];
  } catch (error) {
    return toErrorDocument(error).problems ?? [];
  }
};

test('what the command line gives becomes numbers', () => {
  expect(parseLimits({ limits: { downtimeLimitMs: '500', maxBandwidthMbps: '0' } }, [])).toEqual({
    downtimeLimitMs: 500,
    maxBandwidthMbps: 0,
  });
});

test('every problem is reported, wrong usage as well', () => {
  const limits = { downtimeLimitMs: 'soon', maxBandwidthMbps: '-1' };
  expect(problemsOf({ limits }, ['unexpected argument "x"'])).toEqual([
    'unexpected argument "x"',
    expect.stringMatching(/^limits\.downtimeLimitMs: expected a whole number .*"soon"/),
    expect.stringMatching(/^limits\.maxBandwidthMbps: expected a whole number/),
  ]);
});

test('changing nothing is a problem', () => {
  expect(problemsOf({})).toEqual([expect.stringMatching(/^expected what to change: downtimeLimitMs, /)]);
});
