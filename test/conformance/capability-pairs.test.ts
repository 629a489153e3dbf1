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

/** Every possible pair of capabilities in one migration, judged by the oracles. The others are refused. */

const limits = { ...combinedLimits, maxBandwidthMbps: 400, downtimeLimitMs: 100 };

describe('pairs of capabilities', () => {
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

  test('the list of impossible pairs is complete', () => {
    expect(refusedPairs).toEqual([
      ['auto-converge', 'prepaging'],
      ['multifd', 'dedup'],
      ['xbzrle', 'zstd'],
      ['dedup', 'zstd'],
    ]);
  });

  test.each(refusedPairs)('%s and %s are refused with a reason', (...pair) => {
    for (const reason of reasonsAgainst(pair)) expect(reason).toMatch(/.{20,}/);
  });
});
