import { describe, expect, test } from '@jest/globals';
import { windowBytes } from '#hosts/transfer/window';

const windows = { bulkWindowBytes: 100, roundEndWindowBytes: 60, postcopyWindowBytes: 50 };

describe('the window of unconfirmed bytes', () => {
  test.each([
    ['wide while much is left', 'precopy', 1000, 100],
    ['as wide as what is left', 'precopy', 80, 80],
    ['no narrower than a round’s end asks', 'precopy', 0, 60],
    ['the same while the guest is stopped', 'downtime', 80, 80],
    ['that of post-copy, however much is left', 'postcopy', 1000, 50],
  ] as const)('is %s', (_, phase, leftBytes, expected) => {
    expect(windowBytes(windows, phase, leftBytes)).toBe(expected);
  });
});
