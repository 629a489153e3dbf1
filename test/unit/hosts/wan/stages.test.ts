import { describe, expect, test } from '@jest/globals';
import type { LinkDirection } from '#proto/link';
import { forbidsTable, netemArguments, netemMismatches, setsTable, stagesOf } from '#hosts/wan/netem-stages';
import { bufferBytes, burstBytes, correctedDelayMs, delayLimitPackets } from '#hosts/wan/sizing';
import { tbfArguments, tbfMismatches } from '#hosts/wan/tc';

const fast: LinkDirection = { rateMbps: 10_000, delayMs: 26.25, jitterMs: 0, lossPercent: 0, bufferMs: 52.5 };
const slow: LinkDirection = { rateMbps: 10, delayMs: 2, jitterMs: 0.5, lossPercent: 1, bufferMs: 20 };

describe('sizing', () => {
  test('the bucket holds 4 ms of the rate, and ten packets at least', () => {
    expect(burstBytes(10_000)).toBe(5_000_000);
    expect(burstBytes(10)).toBe(15_140);
    // What is queued when a link in use becomes slow has to fit into the bucket.
    expect(burstBytes(10, true)).toBe(131_072);
    expect(burstBytes(10_000, true)).toBe(5_000_000);
  });

  test('the buffer is as requested, but at least two super-packets where those pass whole', () => {
    expect(bufferBytes(fast)).toBe(65_625_000);
    expect(bufferBytes(slow)).toBe(25_000);
    expect(bufferBytes({ ...fast, rateMbps: 1000, bufferMs: 0.1 })).toBe(131_072);
  });

  test('the delay stage holds one and a half times delay and buffer', () => {
    expect(delayLimitPackets(fast)).toBe(Math.ceil((1.5 * (32_812_500 + 65_625_000)) / 1514));
    expect(delayLimitPackets(slow)).toBe(1000);
  });

  test('a correction never makes a delay negative', () => {
    expect(correctedDelayMs(fast, 0.25)).toBe(26);
    expect(correctedDelayMs(slow, 3)).toBe(0);
  });
});

describe('stages', () => {
  test('tbf arguments state everything', () => {
    expect(tbfArguments(fast).join(' ')).toBe('tbf rate 10000000kbit burst 5000000 limit 65625000');
  });

  test('netem arguments state everything; with jitter, a rate keeps the order', () => {
    expect(netemArguments(fast).join(' ')).toBe('netem limit 97528 delay 26.250ms 0.000ms 0% rate 0bit');
    expect(netemArguments(slow).join(' ')).toBe(
      'netem limit 1000 delay 2.000ms 0.500ms 0% distribution normal loss random 1% rate 100gbit',
    );
  });

  test.each<[Partial<LinkDirection>, string]>([
    [{ jitterMs: 1, jitterDistribution: 'uniform' }, 'delay 26.250ms 1.000ms 0% rate 100gbit'],
    [
      { jitterMs: 1, jitterDistribution: 'pareto' },
      'delay 26.250ms 1.000ms 0% distribution pareto rate 100gbit',
    ],
    [
      { gemodel: { pPercent: 1, rPercent: 25, badLossPercent: 90, goodLossPercent: 0.5 } },
      'delay 26.250ms 0.000ms 0% loss gemodel 1% 25% 90% 0.5% rate 0bit',
    ],
    [{ duplicatePercent: 2 }, 'delay 26.250ms 0.000ms 0% duplicate 2% rate 0bit'],
    [{ reorderPercent: 5 }, 'delay 26.250ms 0.000ms 0% reorder 5% 0% gap 1 rate 0bit'],
    [
      { reorderPercent: 5, reorderCorrelationPercent: 50, reorderGap: 3 },
      'delay 26.250ms 0.000ms 0% reorder 5% 50% gap 3 rate 0bit',
    ],
  ])('%j in the words of tc', (change, words) => {
    const [, , , ...rest] = netemArguments({ ...fast, ...change });
    expect(rest.join(' ')).toBe(words);
  });

  test('a table, once set, stays: uniform jitter needs a netem without', () => {
    const jittery = { ...fast, jitterMs: 1 };
    expect([fast, jittery].map(setsTable)).toEqual([false, true]);
    const uniform = { ...jittery, jitterDistribution: 'uniform' } as const;
    expect(setsTable(uniform)).toBe(false);
    expect([fast, jittery, uniform].map(forbidsTable)).toEqual([false, false, true]);
  });

  test.each<[Partial<LinkDirection>]>([
    [{ gemodel: { pPercent: 1, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 } }],
    [{ duplicatePercent: 1 }],
    [{ reorderPercent: 1 }],
  ])('%j hits packets of the wire: a splitting stage goes before', (change) => {
    expect(stagesOf({ ...fast, ...change })).toMatchObject({ rootKind: 'tbf', delayHandle: '2:' });
  });

  test('loss puts a splitting stage in front', () => {
    expect(stagesOf(fast).splitter).toBeNull();
    expect(stagesOf(slow)).toMatchObject({ rootKind: 'tbf', delayHandle: '2:', bottleneckHandle: '3:' });
  });
});

describe('read back', () => {
  const tbf = {
    kind: 'tbf',
    handle: '1:',
    options: { rate: 1_250_000_000, burst: 4_998_750, limit: 65_625_000 },
  };
  const netem = {
    kind: 'netem',
    handle: '1:',
    options: { limit: 97_528, delay: { delay: 0.02625, jitter: 0 } },
  };

  test('accepts what the kernel rounds', () => {
    expect(tbfMismatches(tbf, fast)).toEqual([]);
    expect(netemMismatches(netem, fast)).toEqual([]);
  });

  test('accepts a time cut to microseconds twice, whatever fraction of one was asked for', () => {
    const cutTwice = { ...netem.options, delay: { delay: 0.00401, jitter: 0 } };
    const told = (delayMs: number): string =>
      netemMismatches({ ...netem, options: cutTwice }, { ...fast, delayMs }).join();
    expect(told(4.012288)).not.toMatch(/delay/);
    expect(told(4.0135)).toMatch(/delay/);
  });

  test.each([
    [{ rate: 125_000_000 }, /rate/],
    [{ burst: 128_000 }, /burst/],
    [{ limit: 1_000 }, /limit/],
  ])('refuses a tbf with %j', (change, problem) => {
    expect(tbfMismatches({ ...tbf, options: { ...tbf.options, ...change } }, fast).join()).toMatch(problem);
  });

  test.each([
    [{ limit: 1_000 }, /limit/],
    [{ delay: { delay: 0.0265, jitter: 0 } }, /delay/],
    [{ delay: { delay: 0.02625, jitter: 0.001 } }, /jitter/],
    [{ 'loss-random': { loss: 0.01 } }, /loss/],
    [{ rate: { rate: 125_000_000 } }, /rate/],
    [{ 'loss-gemodel': { p: 0.01, r: 0.25, '1-h': 1, '1-k': 0 } }, /gemodel p/],
    [{ duplicate: { duplicate: 0.01 } }, /duplicate/],
    [{ reorder: { reorder: 0.05, correlation: 0.5 } }, /reorder/],
    [{ gap: 5 }, /gap/],
  ])('refuses a netem with %j', (change, problem) => {
    expect(netemMismatches({ ...netem, options: { ...netem.options, ...change } }, fast).join()).toMatch(
      problem,
    );
  });

  test('accepts what was asked for, and refuses a part of it that is missing or other', () => {
    const asked: LinkDirection = {
      ...fast,
      gemodel: { pPercent: 1, rPercent: 25, badLossPercent: 90, goodLossPercent: 0.5 },
      ...{ duplicatePercent: 2, reorderPercent: 5, reorderCorrelationPercent: 50, reorderGap: 3 },
    };
    const options = {
      ...netem.options,
      'loss-gemodel': { p: 0.01, r: 0.25, '1-h': 0.9, '1-k': 0.005 },
      duplicate: { duplicate: 0.02, correlation: 0 },
      reorder: { reorder: 0.05, correlation: 0.5 },
      gap: 3,
    };
    expect(netemMismatches({ ...netem, options }, asked)).toEqual([]);
    expect(netemMismatches(netem, asked)).toHaveLength(8);
    const other = { ...options, 'loss-gemodel': { ...options['loss-gemodel'], '1-h': 1 } };
    expect(netemMismatches({ ...netem, options: other }, asked).join()).toMatch(
      /gemodel 1-h 1 instead of 0\.9/,
    );
  });

  test('refuses another qdisc, or none', () => {
    expect(tbfMismatches(undefined, fast)).toHaveLength(1);
    expect(netemMismatches({ ...tbf, kind: 'noqueue' }, fast)).toHaveLength(1);
  });
});
