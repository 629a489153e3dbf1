import { describe, expect, test } from '@jest/globals';
import { deviatesOf, jitterDistributionNames } from '#catalogue/jitter-distributions';
import { impairmentSettingsOf } from '#hosts/wan/delay-line';
import type { Impairments } from '#hosts/wan/impairments';
import { impairmentsOf } from '#hosts/wan/impairments';
import type { LinkDirection } from '#proto/link';
import { lossAgainOf, lossShareOf, lostInARow } from '#proto/link';
import { seededRandom } from '#proto/seeded-random';

const plain: LinkDirection = { rateMbps: 100, delayMs: 50, jitterMs: 0, lossPercent: 0, bufferMs: 20 };
const drawsOf = (change: Partial<LinkDirection>, seed = 1): Impairments => {
  const draws = impairmentsOf(impairmentSettingsOf({ ...plain, ...change }), seededRandom(seed));
  if (draws === null) throw new Error('expected something to be left to chance');
  return draws;
};
const many = 200_000;
const times = <T>(draw: () => T): T[] => Array.from({ length: many }, draw);
const share = (draws: readonly boolean[]): number => draws.filter(Boolean).length / draws.length;

test('where nothing is left to chance, there is nothing to draw', () => {
  expect(impairmentsOf(impairmentSettingsOf(plain), seededRandom(1))).toBeNull();
  const harmless = { pPercent: 1, rPercent: 25, badLossPercent: 0, goodLossPercent: 0 };
  expect(impairmentsOf(impairmentSettingsOf({ ...plain, gemodel: harmless }), seededRandom(1))).toBeNull();
});

describe('jitter', () => {
  test.each(jitterDistributionNames)('%s has the moments of its table', (jitterDistribution) => {
    const drawn = times(drawsOf({ jitterMs: 10, jitterDistribution }).jitterMs);
    const deviates = deviatesOf(jitterDistribution);
    const mean = (values: ArrayLike<number>): number =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    const spread = (values: ArrayLike<number>): number => {
      const middle = mean(values);
      return Math.sqrt(mean(Array.from(values).map((value) => (value - middle) ** 2)));
    };
    // Four standard errors of a mean; of a standard deviation it is less for all of these.
    const toleranceMs = (4 * 10) / Math.sqrt(many);
    expect(Math.abs(mean(drawn) - 10 * mean(deviates))).toBeLessThan(toleranceMs);
    expect(Math.abs(spread(drawn) - 10 * spread(deviates))).toBeLessThan(2 * toleranceMs);
    expect(Math.max(...new Set(drawn))).toBeCloseTo(10 * deviates.at(-1)!, 6);
  });

  test('is normal unless something else is asked for, and the same from the same seed', () => {
    const [one, same, other] = [
      drawsOf({ jitterMs: 1 }),
      drawsOf({ jitterMs: 1 }),
      drawsOf({ jitterMs: 1 }, 2),
    ];
    const drawn = Array.from({ length: 20 }, one.jitterMs);
    expect(Array.from({ length: 20 }, same.jitterMs)).toEqual(drawn);
    expect(Array.from({ length: 20 }, other.jitterMs)).not.toEqual(drawn);
    const normal = drawsOf({ jitterMs: 1, jitterDistribution: 'normal' });
    expect(Array.from({ length: 20 }, normal.jitterMs)).toEqual(drawn);
  });
});

describe('loss', () => {
  test.each<[string, Partial<LinkDirection>, number, number | null]>([
    ['independent', { lossPercent: 10 }, 0.1, 1 / 0.9],
    // Gilbert: a burst ends with its state, after 1/r packets.
    ['in bursts', { gemodel: { pPercent: 1, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 } }, 1 / 26, 4],
    ['of one packet each', { gemodel: { pPercent: 1, rPercent: 100, badLossPercent: 100, goodLossPercent: 0 } }, 0.01 / 1.01, 1],
    // In the bad state half is lost: a loss follows a loss with (1 - r) · 0.5.
    ['in porous bursts', { gemodel: { pPercent: 2, rPercent: 20, badLossPercent: 50, goodLossPercent: 0 } }, 0.5 * (2 / 22), 1 / 0.6],
    ['in both states', { gemodel: { pPercent: 5, rPercent: 50, badLossPercent: 80, goodLossPercent: 2 } }, 0.8 * (5 / 55) + 0.02 * (50 / 55), null],
  ])('%s', (_, change, lostShare, burst) => {
    const draws = times(drawsOf(change).isLost);
    const bursts = draws.filter((isLost, nth) => isLost && draws[nth - 1] !== true).length;
    const meanBurst = draws.filter(Boolean).length / bursts;
    const direction = { ...plain, ...change };
    expect(lossShareOf(direction)).toBeCloseTo(lostShare, 9);
    expect(share(draws) / lostShare).toBeGreaterThan(0.94);
    expect(share(draws) / lostShare).toBeLessThan(1.06);
    const expectedBurst = 1 / (1 - lossAgainOf(direction));
    if (burst !== null) expect(expectedBurst).toBeCloseTo(burst, 9);
    expect(meanBurst / expectedBurst).toBeGreaterThan(0.95);
    expect(meanBurst / expectedBurst).toBeLessThan(1.05);
  }); // prettier-ignore

  test('so many in a row are rarer than the odds, and one fewer is not', () => {
    expect(lostInARow(0.1, 0.1, 1e-4)).toBe(4);
    expect(lostInARow(0.01, 0.8, 1e-4)).toBe(22);
    expect(0.01 * 0.8 ** 21).toBeLessThanOrEqual(1e-4);
    expect(0.01 * 0.8 ** 20).toBeGreaterThan(1e-4);
    expect(lostInARow(0, 0, 1e-4)).toBe(0);
    expect(lostInARow(0.01, 0, 1e-4)).toBe(1);
  });
});

describe('duplicates and reordering', () => {
  test('are as frequent as asked for', () => {
    expect(share(times(drawsOf({ duplicatePercent: 5 }).isDuplicated))).toBeCloseTo(0.05, 2);
    expect(share(times(drawsOf({ reorderPercent: 10 }).overtakes))).toBeCloseTo(0.1, 2);
  });

  test('a gap delays at least so many packets less one between two that overtake', () => {
    const draws = times(drawsOf({ reorderPercent: 50, reorderGap: 5 }).overtakes);
    // Four delayed for certain, and on average one more.
    expect(share(draws)).toBeCloseTo(1 / 6, 2);
    const at = draws.flatMap((overtakes, nth) => (overtakes ? [nth] : []));
    expect(Math.min(...at.slice(1).map((nth, before) => nth - at[before]!).filter((_, nth) => nth < 1000))).toBe(5); // prettier-ignore
  });

  test('a correlation bunches them, and makes them rarer, as netem does', () => {
    const draws = times(drawsOf({ reorderPercent: 25, reorderCorrelationPercent: 50 }).overtakes);
    const again = draws.filter((overtakes, nth) => overtakes && draws[nth - 1] === true).length;
    const after = again / draws.filter(Boolean).length;
    // Correlated numbers are bunched around a half, with a standard deviation of 1/6: 7 % are below a quarter.
    expect(share(draws)).toBeCloseTo(0.07, 2);
    expect(after).toBeGreaterThan(3 * share(draws));
  });
});
