import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { avgModel } from '#harness/prediction/avg';
import { histModel, meanRateOf } from '#harness/prediction/hist';
import type { DirtyModel, Figures, Ram } from '#harness/prediction/loop';
import { predictPreCopy } from '#harness/prediction/loop';
import { paperHistory } from '#test/support/histories';

/** Two pages a ms, so that small cases can be followed by hand. */
const figures: Figures = { bytesPerMs: 2 * 4096, rttMs: 0, preMs: 0, postMs: 0, pageSizeBytes: 4096 };
const ram: Ram = { pageCount: 1000, nonZeroPages: 1000 };

const predict = (model: DirtyModel, of = ram, by = figures) => predictPreCopy(model, of, by);

describe('AVG by hand', () => {
  test('a guest that dirties nothing: two rounds, the second of nothing', () => {
    // 1000 pages at two a ms.
    expect(predict(avgModel(ram, 0, figures))).toEqual({ totalTimeMs: 500, downtimeMs: 0, rounds: 2, sentPages: 1000 }); // prettier-ignore
  });

  test('0.05 pages a ms', () => {
    // Round 1: 500 ms, in which 25 pages are dirtied. Round 2 takes these, fewer than 50, so it is the last:
    // t = RAM/rate · (1 − e^(−rate·25·0.5/RAM)) = 20,000 · (1 − e^(−0.000625)) = 12.4961 ms; it leaves 0.6248 pages.
    const sendingMs = 20_000 * (1 - Math.exp(-0.000625));
    const { totalTimeMs, downtimeMs, rounds } = predict(avgModel(ram, 0.05, figures));
    expect(rounds).toBe(2);
    expect(downtimeMs).toBeCloseTo((sendingMs * 0.05) / 2, 9);
    expect(totalTimeMs).toBeCloseTo(500 + sendingMs + (sendingMs * 0.05) / 2, 9);
  });

  test('round trips lengthen rounds, and whatever else is sent is added', () => {
    const slow: Figures = { ...figures, rttMs: 10, preMs: 3, postMs: 7 };
    expect(predict(avgModel(ram, 0, slow), ram, slow)).toMatchObject({ totalTimeMs: 3 + 510 + 10 + 7, downtimeMs: 7 }); // prettier-ignore
  });

  test('zero pages cost nothing, and are counted as sent by the rule', () => {
    const sparse: Ram = { pageCount: 1000, nonZeroPages: 200 };
    expect(predict(avgModel(sparse, 0, figures), sparse)).toMatchObject({ totalTimeMs: 100, sentPages: 200 });
  });

  test('an extreme rate dirties all of the RAM: a first round, a second, and the downtime', () => {
    // A page that waits at all is dirtied again: the rounds send next to nothing, so it is the 29th that ends them.
    const { rounds, downtimeMs } = predict(avgModel(ram, 1e9, { ...figures, rttMs: 1 }), ram);
    expect(rounds).toBe(29);
    expect(downtimeMs).toBeCloseTo(500, 6);
  });

  test("the rule's third limit: more than 3 × RAM, checked before the dirty pages are fetched", () => {
    // 5 pages a ms and round trips of 200 ms: every round finds all of the RAM dirtied, and sends what has not been dirtied
    // again before its turn: 200 · (1 − e^(−2.5)) ms of pages. Six such rounds exceed 3 × RAM.
    const slow: Figures = { ...figures, rttMs: 200 };
    const perRound = 2 * 200 * (1 - Math.exp(-2.5));
    const { rounds, sentPages } = predict(avgModel(ram, 5, slow), ram, slow);
    expect(rounds).toBe(7);
    expect(sentPages).toBeCloseTo(1000 + 6 * perRound + 1000, 6);
  });
});

describe('HIST by hand', () => {
  test('a page dirtied in each of two intervals of a round is one page', () => {
    // Ten intervals of 100 ms, all of them with pages 0 to 59. Round 1 takes 500 ms: 60 pages. Round 2: their turns are
    // within the first interval, each dirtied again with the part of it that has passed.
    const history = paperHistory(Array.from({ length: 10 }, () => [0, 60]));
    const model = histModel(history, ram, figures, 0);
    expect(model.first()).toEqual({ takenPages: 1000, sentPages: 1000, durationMs: 500 });
    expect(model.pendingPages).toBe(60);
    const { takenPages, durationMs } = model.next();
    expect(takenPages).toBe(60);
    // t_n+1 = t_n + 0.5 · (1 − t_n / 100): t_60 = 100 · (1 − 0.995^60).
    expect(durationMs).toBeCloseTo(100 * (1 - 0.995 ** 60), 9);
    expect(model.pendingPages).toBeCloseTo((60 * durationMs) / 100, 9);
  });

  test('a round that ends within an interval counts a share of its pages', () => {
    const small: Ram = { pageCount: 1000, nonZeroPages: 300 };
    const model = histModel(
      paperHistory([
        [0, 10],
        [100, 40],
        [500, 1],
      ]),
      small,
      figures,
      0,
    );
    // 150 ms: all of the first, half of the second.
    expect(model.first().durationMs).toBe(150);
    expect(model.pendingPages).toBeCloseTo(10 + 20, 9);
  });

  test('a start in the middle of the history, which begins again after its end', () => {
    const small: Ram = { pageCount: 1000, nonZeroPages: 200 };
    const model = histModel(
      paperHistory([
        [0, 10],
        [100, 40],
        [500, 8],
      ]),
      small,
      figures,
      250,
    );
    // 100 ms from 250: half of the third interval, half of the first.
    model.first();
    expect(model.pendingPages).toBeCloseTo(4 + 5, 9);
  });

  test('a page dirtied before its turn is skipped, one dirtied after it is sent', () => {
    // Round 1 ends at 500 ms with pages 0 to 99 dirtied in its last interval. Then pages 0 to 99 again, in intervals of 10 ms.
    const quiet: number[] = [];
    const runs = [...Array.from({ length: 49 }, () => quiet), [0, 100], [60, 40], quiet, quiet, quiet, quiet];
    const history = paperHistory(runs, {}, 10);
    const model = histModel(history, ram, figures, 0);
    model.first();
    expect(model.pendingPages).toBe(100);
    // Pages 0 to 19 take the 10 ms of the interval, in which 60 to 99 are dirtied again; then 20 to 59, 20 ms.
    expect(model.next()).toEqual({ takenPages: 100, sentPages: 60, durationMs: 30 });
    expect(model.pendingPages).toBe(40);
  });

  test('a history of a microsecond is replayed twice for a transfer of years, not a billion times', () => {
    const slow: Figures = { ...figures, bytesPerMs: 1e-6 };
    const model = histModel(
      paperHistory(
        [
          [0, 10],
          [500, 5],
        ],
        {},
        0.001,
      ),
      ram,
      slow,
      0,
    );
    model.first();
    expect(model.pendingPages).toBe(15);
    expect(model.next()).toMatchObject({ takenPages: 15 });
    expect(model.pendingPages).toBe(15);
  });

  test('the mean rate counts each page once per interval', () => {
    expect(meanRateOf(paperHistory([[0, 10], [], [5, 20, 40, 30]]))).toBeCloseTo(60 / 300, 12);
  });
});

describe('both models', () => {
  const cases = fc.record({
    rate: fc.double({ min: 0, max: 20, noNaN: true }),
    nonZeroPages: fc.integer({ min: 1, max: 1000 }),
    rttMs: fc.double({ min: 0, max: 50, noNaN: true }),
    postMs: fc.double({ min: 0, max: 500, noNaN: true }),
    runs: fc.array(fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 60 })), { maxLength: 8 }), { minLength: 1, maxLength: 12 }), // prettier-ignore
    startMs: fc.double({ min: 0, max: 5000, noNaN: true }),
  });
  const historyOf = (gaps: readonly (readonly (readonly [number, number])[])[]) =>
    paperHistory(
      gaps.map((pairs) => {
        let at = -1;
        return pairs.flatMap(([gap, count]) => {
          const first = at + 1 + gap;
          at = first + count;
          return [first, count];
        });
      }),
    );

  test('stay within the bounds of any migration by this rule', () => {
    fc.assert(
      fc.property(cases, ({ rate, nonZeroPages, rttMs, postMs, runs, startMs }) => {
        const of: Ram = { pageCount: 1000, nonZeroPages };
        const by: Figures = { ...figures, rttMs, postMs };
        for (const model of [avgModel(of, rate, by), histModel(historyOf(runs), of, by, startMs)]) {
          const { totalTimeMs, downtimeMs, rounds, sentPages } = predict(model, of, by);
          const ramMs = 500;
          expect(rounds).toBeGreaterThanOrEqual(2);
          expect(rounds).toBeLessThanOrEqual(29);
          expect(downtimeMs).toBeGreaterThanOrEqual(postMs - 1e-6);
          expect(downtimeMs).toBeLessThanOrEqual(postMs + ramMs + 1e-6);
          expect(totalTimeMs).toBeGreaterThanOrEqual(postMs + nonZeroPages / 2 - 1e-6);
          expect(totalTimeMs).toBeLessThanOrEqual(postMs + 5 * ramMs + rounds * rttMs + 1e-6);
          expect(sentPages / 2 + rounds * rttMs + postMs).toBeCloseTo(totalTimeMs, 6);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('HIST over a history of whole periods is the same a period later', () => {
    fc.assert(
      fc.property(cases, ({ runs, startMs, nonZeroPages }) => {
        const of: Ram = { pageCount: 1000, nonZeroPages };
        const history = historyOf(runs);
        const one = predict(histModel(history, of, figures, startMs), of);
        const later = predict(histModel(history, of, figures, startMs + 100 * runs.length), of);
        expect(later.totalTimeMs).toBeCloseTo(one.totalTimeMs, 3);
      }),
      { numRuns: 100 },
    );
  });
});
