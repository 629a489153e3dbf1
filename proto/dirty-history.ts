/**
 * Which pages a guest has dirtied, interval by interval, as sent beside the message of `stopDirtyLog` and as kept in a
 * history's file. Numbers are LEB128: the interval's length in µs, how many runs of pages it has, and for each run the pages
 * between it and the one before, and its length less one.
 */

/** What one answer may have; 10 minutes of a guest that dirties 40,000 scattered pages a second. */
export const dirtyBlobMaxBytes = 48 << 20;
/** A day at ten a second. */
export const dirtyIntervalsMax = 1_000_000;
/** No interval is longer: a minute asked for, and a host that was stopped meanwhile. */
export const dirtyIntervalMaxMs = 600_000;

export interface DirtyInterval {
  durationMs: number;
  /** Runs of consecutive pages, ascending and apart: first page and number of pages, one after the other. */
  runs: ArrayLike<number>;
}

class Writer {
  readonly #bytes: number[] = [];

  number(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes.push(rest);
  }

  get buffer(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

export const encodeDirtyInterval = ({ durationMs, runs }: DirtyInterval): Buffer => {
  const writer = new Writer();
  writer.number(Math.max(0, Math.round(durationMs * 1000)));
  writer.number(runs.length / 2);
  let end = 0;
  for (let at = 0; at < runs.length; at += 2) {
    const [first = 0, count = 0] = [runs[at], runs[at + 1]];
    writer.number(first - end);
    writer.number(count - 1);
    end = first + count;
  }
  return writer.buffer;
};

/** Below 2^42: a length in µs and a page number are far below it. */
const numberBytesMax = 6;

/**
 * The intervals of a blob. Their number, their lengths and all pages are bounded.
 * @throws RangeError that says what is wrong, and at which byte.
 */
export const decodeDirtyIntervals = (blob: Buffer, pageCount: number): DirtyInterval[] => {
  let at = 0;
  const number = (what: string, most: number): number => {
    const from = at;
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = blob[at++];
      if (byte === undefined) throw new RangeError(`it ends within ${what}, at byte ${from}`);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
      if (at - from >= numberBytesMax) throw new RangeError(`${what} at byte ${from} is too long`);
    }
    if (value > most)
      throw new RangeError(`expected ${what} of ${most} at most, got ${value} at byte ${from}`);
    return value;
  };
  const intervals: DirtyInterval[] = [];
  while (at < blob.length) {
    if (intervals.length === dirtyIntervalsMax)
      throw new RangeError(`expected at most ${dirtyIntervalsMax} intervals, there are more`);
    const durationMs = number('the length of an interval', dirtyIntervalMaxMs * 1000) / 1000;
    // Runs are apart, and each takes two bytes at least.
    const runCount = number('a number of runs', Math.floor(Math.min(pageCount + 1, blob.length - at) / 2));
    const runs = new Uint32Array(2 * runCount);
    let end = 0;
    for (let run = 0; run < runCount; run++) {
      const first = end + number('the beginning of a run', pageCount - end);
      const count = 1 + number('the length of a run', pageCount - first - 1);
      if (run > 0 && first === end)
        throw new RangeError(`run ${run} touches the one before, before byte ${at}`);
      runs[2 * run] = first;
      runs[2 * run + 1] = count;
      end = first + count;
    }
    intervals.push({ durationMs, runs });
  }
  return intervals;
};
