import { describe, expect, test } from '@jest/globals';
import { checkBounds, fitsDowntime } from '#catalogue/strategies/parts/convergence';
import { xenSuspends } from '#catalogue/stop-rules/parts/xen-rule';
import { codeOf } from '#proto/errors';
import { defaultLimits } from '#catalogue/limits';

const withState = (deviceStateBytes: number) => ({ limits: defaultLimits, guest: { deviceStateBytes } });

describe("QEMU's rule", () => {
  test.each([
    [37_500_000, 125_000, true],
    [37_500_001, 125_000, false],
    [0, 0, true],
    [1, 0, false],
  ])('%i bytes at %i bytes/ms within 300 ms: %s', (pendingBytes, bytesPerMs, fits) => {
    expect(fitsDowntime(pendingBytes, bytesPerMs, withState(0))).toBe(fits);
  });

  test.each([
    // 300 ms carry 37,500,000 bytes: pages and device state share them …
    [7_500_000, 30_000_000, true],
    [7_500_001, 30_000_000, false],
    [0, 37_500_000, true],
    [1, 37_500_000, false],
    // … unless the state alone is too much: then no number of pages keeps the limit, and they are held against it alone.
    [37_500_000, 37_500_001, true],
    [37_500_001, 37_500_001, false],
    [37_500_000, 268_435_456, true],
  ])('%i bytes of pages and %i of device state within 300 ms: %s', (pendingBytes, stateBytes, fits) => {
    expect(fitsDowntime(pendingBytes, 125_000, withState(stateBytes))).toBe(fits);
  });

  test('a state of any size waits until the bandwidth is known', () => {
    expect(fitsDowntime(1, 0, withState(1 << 20))).toBe(false);
  });

  test('its limits end a pre-copy that does not converge', () => {
    const limits = { ...defaultLimits, maxRounds: 3, maxPrecopyMs: 1000 };
    const outcome = (round: number, elapsedMs: number): string => {
      try {
        checkBounds(round, elapsedMs, 1 << 20, { limits, guest: { deviceStateBytes: 0 } });
      } catch (error) {
        return codeOf(error);
      }
      return 'goes on';
    };
    expect(outcome(2, 999)).toBe('goes on');
    expect(outcome(3, 0)).toBe('NOT_CONVERGED');
    expect(outcome(0, 1000)).toBe('NOT_CONVERGED');
  });

  test.each([
    [500, true],
    [0, false],
  ])('a cap of %i Mb/s is named among the remedies: %s', (maxBandwidthMbps, isNamed) => {
    const limits = { ...defaultLimits, maxRounds: 1, maxBandwidthMbps };
    const act = (): void => {
      checkBounds(1, 0, 1 << 20, { limits, guest: { deviceStateBytes: 0 } });
    };
    expect(act).toThrow(/[Rr]aise the downtime limit/);
    if (isNamed) expect(act).toThrow('max-bandwidth (500 Mb/s');
    else expect(act).not.toThrow('max-bandwidth');
  });
});

test.each([
  ['the 29th iteration', 29, 10_000, 10_000, true],
  ['fewer than 50 pages', 2, 49, 10_000, true],
  ['50 pages', 2, 50, 10_000, false],
  ['more than 3 × RAM', 2, 1000, 30_001, true],
  ['3 × RAM', 2, 1000, 30_000, false],
])("Xen's rule at %s", (_, iteration, taken, sent, suspends) => {
  expect(xenSuspends(iteration, taken, sent, 10_000)).toBe(suspends);
});
