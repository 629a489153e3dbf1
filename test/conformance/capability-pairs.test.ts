import { describe, expect, test } from '@jest/globals';
import {
  allowedPairs,
  combine,
  combinedLimits,
  reasonsAgainst,
  refusedPairs,
  strategyFor,
} from '../support/capability-combinations.ts';
import { migrateOverLoopback } from '../support/loopback-migration.ts';

/** Every pair of capabilities that a migration can have, in one: held to the oracles. The others are refused. */

const limits = { ...combinedLimits, maxBandwidthMbps: 400, downtimeLimitMs: 100 };

describe('pairs', () => {
  test.each(allowedPairs)('%s and %s', async (first, second) => {
    const { transfer, capabilities } = combine([first, second]);
    const zeroPageDetection = first === 'zero-page-detection' || second === 'zero-page-detection';
    const { source, destination, verified } = await migrateOverLoopback({
      strategy: strategyFor([first, second])!,
      limits,
      transfer,
      capabilities,
      zeroPageDetection,
      workload: { content: first === 'uniform-pages' ? 'uniform' : 'sparse', dirtyRatePagesPerSecond: 5000 },
    });
    expect([source.error, destination.error]).toEqual([null, null]);
    expect(verified).toMatchObject({ mismatches: 0, staleReads: 0 });
    expect(destination.duplicateArrivals).toBe(0);
  });

  test('the ones that no migration can have are these', () => {
    expect(refusedPairs).toEqual([
      ['multifd', 'dedup'],
      ['xbzrle', 'zstd'],
      ['dedup', 'zstd'],
      ['prepaging', 'auto-converge'],
    ]);
  });

  test.each(refusedPairs)('%s and %s are refused with a reason', (...pair) => {
    for (const reason of reasonsAgainst(pair)) expect(reason).toMatch(/.{20,}/);
  });
});
