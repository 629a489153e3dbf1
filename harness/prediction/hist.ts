import type { DirtyInterval } from '#proto/dirty-history';
import { eachPage, intervalAt, lengthMsOf, pagesOf } from './history.ts';
import type { DirtyHistory } from './history.ts';
import type { DirtyModel, Figures, ModelRound, Ram } from './loop.ts';
import { pageMs } from './loop.ts';

/** The mean rate of a history: pages per ms, each once an interval. */
export const meanRateOf = (history: Pick<DirtyHistory, 'intervals'>): number =>
  history.intervals.reduce((sum, interval) => sum + pagesOf(interval), 0) / lengthMsOf(history);

/**
 * Which pages have been dirtied since a moment of a history, as the time goes on. A page of an interval that has passed in
 * part counts by that part: when in the interval it was dirtied, nobody knows. At its end, the history begins again.
 */
class Since {
  readonly #intervals: readonly DirtyInterval[];
  /** By page, the probability that it has not been dirtied in the intervals that are over. */
  readonly #clean: Float64Array;
  /** By page, the number of the newest interval that it was dirtied in, counted from the moment on. */
  readonly #newest: Int32Array;
  /** After so long, every interval has passed as a whole, and nothing changes any more. */
  readonly #enoughMs: number;
  #passedMs = 0;
  #index: number;
  #nth = 0;
  /** Where it is in the interval, and where it began there. */
  #atMs: number;
  #fromMs: number;

  constructor(intervals: readonly DirtyInterval[], pageCount: number, startMs: number) {
    this.#intervals = intervals;
    this.#enoughMs = 2 * lengthMsOf({ intervals });
    this.#clean = new Float64Array(pageCount).fill(1);
    this.#newest = new Int32Array(pageCount);
    const { index, atMs } = intervalAt(intervals, startMs);
    this.#index = index;
    this.#atMs = this.#fromMs = atMs;
    this.#enter();
  }

  get #interval(): DirtyInterval {
    return this.#intervals[this.#index]!;
  }

  #enter(): void {
    this.#nth++;
    eachPage(this.#interval, (page) => (this.#newest[page] = this.#nth));
  }

  /** Of the interval, the part that has passed since the moment. */
  get #part(): number {
    const { durationMs } = this.#interval;
    return durationMs === 0 ? 1 : (this.#atMs - this.#fromMs) / durationMs;
  }

  advance(ms: number): void {
    // However short the history and slow the link: the time that is gone through is bounded by the history's.
    let leftMs = Math.min(ms, Math.max(0, this.#enoughMs - this.#passedMs));
    this.#passedMs += leftMs;
    while (this.#atMs + leftMs >= this.#interval.durationMs) {
      leftMs -= this.#interval.durationMs - this.#atMs;
      this.#atMs = this.#interval.durationMs;
      const remains = 1 - this.#part;
      eachPage(this.#interval, (page) => (this.#clean[page] = (this.#clean[page] ?? 1) * remains));
      this.#index = (this.#index + 1) % this.#intervals.length;
      this.#atMs = this.#fromMs = 0;
      this.#enter();
    }
    this.#atMs += leftMs;
  }

  /** The probability that a page has been dirtied. */
  dirtied(page: number): number {
    const clean = this.#clean[page] ?? 1;
    return this.#newest[page] === this.#nth ? 1 - clean * (1 - this.#part) : 1 - clean;
  }
}

/**
 * Model HIST: what a round dirties are the unique pages of the same stretch of a recorded history, which begins again at its
 * end. It knows the pages, so it knows which of them are dirtied again before their turn.
 * @param startMs where in the history the migration begins; beyond its end it wraps.
 */
export const histModel = (
  history: Pick<DirtyHistory, 'intervals'>,
  ram: Ram,
  figures: Figures,
  startMs: number,
): DirtyModel => {
  const perPageMs = pageMs(figures);
  const lengthMs = lengthMsOf(history);
  const { intervals } = history;
  let nowMs = startMs;
  let pending = new Float64Array(0);
  let pendingPages = ram.pageCount;
  const ended = (since: Since, takenPages: number, sendingMs: number): ModelRound => {
    const durationMs = sendingMs + figures.rttMs;
    nowMs += durationMs;
    pending = Float64Array.from({ length: ram.pageCount }, (_, page) => since.dirtied(page));
    pendingPages = pending.reduce((sum, weight) => sum + weight, 0);
    return { takenPages, sentPages: sendingMs / perPageMs, durationMs };
  };
  const since = (): Since => new Since(intervals, ram.pageCount, nowMs % lengthMs);
  return {
    first: () => {
      const round = since();
      const sendingMs = ram.nonZeroPages * perPageMs;
      round.advance(sendingMs + figures.rttMs);
      return ended(round, ram.pageCount, sendingMs);
    },
    next: () => {
      const round = since();
      const takenPages = pendingPages;
      let sendingMs = 0;
      for (let page = 0; page < ram.pageCount; page++) {
        const weight = pending[page] ?? 0;
        if (weight === 0) continue;
        const ms = weight * (1 - round.dirtied(page)) * perPageMs;
        sendingMs += ms;
        round.advance(ms);
      }
      round.advance(figures.rttMs);
      return ended(round, takenPages, sendingMs);
    },
    get pendingPages() {
      return pendingPages;
    },
  };
};
