import fc from 'fast-check';
import { expect } from '@jest/globals';
import type { LinkFigures } from '#harness/run/transfer';
import { linkFiguresOf, timeoutsOf, transferConfigOf } from '#harness/run/transfer';
import { leastTimeouts } from '#proto/link-timeouts';
import { defaultTransfer } from '#catalogue/capabilities';
import { mebibyte, pageSizeBytes } from '#proto/units';
import { fuzz } from '#test/support/fuzz';

/** Every link that a profile may describe, and goodputs that a lossy one may have. */
const rateMbps = fc.double({ min: 0.001, max: 100_000, noNaN: true });
const link: fc.Arbitrary<LinkFigures> = fc.record({
  goodputMbps: rateMbps,
  reverseGoodputMbps: rateMbps,
  rttMs: fc.double({ min: 0.05, max: 2000, noNaN: true }),
  delayMaxMs: fc.double({ min: 0, max: 30_000, noNaN: true }),
  lossFraction: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.5, noNaN: true })),
});
const more = fc.double({ min: 1, max: 100, noNaN: true });

const timeoutsFor = (figures: LinkFigures) => timeoutsOf(figures, transferConfigOf(figures, defaultTransfer));
const names = Object.keys(leastTimeouts) as (keyof typeof leastTimeouts)[];

/** Windows are whole bytes. */
const wholeBytesMs = (figures: LinkFigures): number =>
  (100 * 8) / (Math.max(figures.goodputMbps, 0.01) * 1000);

const worse: Record<string, (figures: LinkFigures, factor: number) => LinkFigures> = {
  'a longer round trip': (figures, factor) => ({ ...figures, rttMs: figures.rttMs * factor }),
  'a deeper buffer': (figures, factor) => ({ ...figures, delayMaxMs: figures.delayMaxMs * factor }),
  'more loss': (figures, factor) => ({
    ...figures,
    lossFraction: Math.min(0.5, figures.lossFraction * factor),
  }),
  'a slower way there': (figures, factor) => ({ ...figures, goodputMbps: figures.goodputMbps / factor }),
  'a slower way back': (figures, factor) => ({
    ...figures,
    reverseGoodputMbps: figures.reverseGoodputMbps / factor,
  }),
};

for (const [name, change] of Object.entries(worse))
  fuzz(`${name} never makes a time-out shorter`, fc.tuple(link, more), ([figures, factor]) => {
    const before = timeoutsFor(figures);
    const changed = change(figures, factor);
    const after = timeoutsFor(changed);
    for (const each of names)
      expect(after[each]).toBeGreaterThanOrEqual(before[each] - wholeBytesMs(changed));
  });

fuzz(
  'no time-out is shorter than on a link that takes no time, and none is longer than a timer',
  link,
  (figures) => {
    const timeouts = timeoutsFor(figures);
    for (const each of names) {
      expect(timeouts[each]).toBeGreaterThanOrEqual(leastTimeouts[each]);
      expect(timeouts[each]).toBeLessThan(2 ** 31);
    }
  },
);

fuzz('what stands before a ping goes out while its answer is awaited', link, (figures) => {
  const { bulkWindowBytes, postcopyWindowBytes, orderBytes } = transferConfigOf(figures, defaultTransfer);
  const bytes = Math.max(bulkWindowBytes, postcopyWindowBytes) + orderBytes;
  const drainMs = (bytes * 8) / (Math.max(figures.goodputMbps, 0.01) * 1000);
  expect(timeoutsFor(figures).answerMaxMs).toBeGreaterThan(drainMs + figures.rttMs + figures.delayMaxMs);
});

fuzz('a window holds several messages, and carries a bandwidth-delay product', link, (figures) => {
  const config = transferConfigOf(figures, defaultTransfer);
  const product = (figures.goodputMbps * 1000 * figures.rttMs) / 8;
  for (const bytes of [config.bulkWindowBytes, config.roundEndWindowBytes, config.postcopyWindowBytes]) {
    expect(bytes).toBeGreaterThanOrEqual(4 * pageSizeBytes);
    expect(bytes).toBeGreaterThanOrEqual(Math.floor(product));
    const pages = Math.floor(config.leastMessageBytes / pageSizeBytes);
    expect(bytes / (pages * pageSizeBytes)).toBeGreaterThanOrEqual(2.5);
  }
});

const fast = fc.record({
  goodputMbps: fc.double({ min: 140, max: 100_000, noNaN: true }),
  rttMs: fc.double({ min: 0.05, max: 2000, noNaN: true }),
});

fuzz('on a fast link windows are as wide as throughput wants them', fast, (figures) => {
  const product = Math.ceil((figures.goodputMbps * 1e6 * figures.rttMs) / 8e3);
  const loaded = Math.ceil((figures.goodputMbps * 1e6 * Math.max(figures.rttMs, 15)) / 8e3);
  expect(transferConfigOf(figures, defaultTransfer)).toMatchObject({
    bulkWindowBytes: Math.max(4 * mebibyte, product + loaded),
    roundEndWindowBytes: Math.max(4 * mebibyte, Math.round(1.5 * product)),
    postcopyWindowBytes: Math.round(1.1 * product) + mebibyte / 16,
    leastMessageBytes: 4 * pageSizeBytes,
  });
});

const direction = fc.record({
  rateMbps: fc.integer({ min: 1, max: 100_000 }),
  delayMs: fc.integer({ min: 0, max: 1000 }),
  jitterMs: fc.integer({ min: 0, max: 1000 }),
  lossPercent: fc.integer({ min: 0, max: 50 }),
  bufferMs: fc.integer({ min: 1, max: 10_000 }),
});

fuzz(
  'a link that was never calibrated has time-outs, too',
  fc.tuple(direction, direction),
  ([sourceToDestination, destinationToSource]) => {
    const profile = { name: 'x', description: 'x', sourceToDestination, destinationToSource };
    const timeouts = timeoutsFor(linkFiguresOf(profile, null));
    for (const each of names) expect(Number.isFinite(timeouts[each])).toBe(true);
  },
);
