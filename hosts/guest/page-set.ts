/** A set of page numbers as a bitmap with a count: what is to be sent, what is missing. Pure. */
export class PageSet {
  readonly pageCount: number;
  readonly #words: Int32Array;
  #count = 0;

  constructor(pageCount: number) {
    this.pageCount = pageCount;
    this.#words = new Int32Array(Math.ceil(pageCount / 32));
  }

  static all(pageCount: number): PageSet {
    const set = new PageSet(pageCount);
    set.#words.fill(-1);
    const rest = pageCount % 32;
    if (rest !== 0) set.#words[set.#words.length - 1] = (1 << rest) - 1;
    set.#count = pageCount;
    return set;
  }

  static of(pageCount: number, pages: Iterable<number>): PageSet {
    const set = new PageSet(pageCount);
    for (const page of pages) set.add(page);
    return set;
  }

  /** Takes every set bit out of a shared bitmap, atomically word by word. */
  static drain(pageCount: number, bitmap: Int32Array): PageSet {
    const set = new PageSet(pageCount);
    for (let index = 0; index < set.#words.length; index++) {
      // A plain read first: exchanging the mostly clean words of a large guest would dirty their cache lines.
      if (bitmap[index] === 0) continue;
      const word = Atomics.exchange(bitmap, index, 0);
      set.#words[index] = word;
      set.#count += popCount(word);
    }
    return set;
  }

  get count(): number {
    return this.#count;
  }

  has(page: number): boolean {
    return ((this.#words[page >>> 5] ?? 0) & (1 << (page & 31))) !== 0;
  }

  add(page: number): void {
    const bit = 1 << (page & 31);
    const word = this.#words[page >>> 5] ?? 0;
    if ((word & bit) !== 0) return;
    this.#words[page >>> 5] = word | bit;
    this.#count++;
  }

  /** Returns whether the page was in the set. */
  delete(page: number): boolean {
    const bit = 1 << (page & 31);
    const word = this.#words[page >>> 5] ?? 0;
    if ((word & bit) === 0) return false;
    this.#words[page >>> 5] = word & ~bit;
    this.#count--;
    return true;
  }

  addRun(first: number, count: number): void {
    for (let page = first; page < first + count; page++) this.add(page);
  }

  /** How many pages from `first` up to, but not including, `end` are in the set. */
  countIn(first: number, end: number): number {
    let count = 0;
    for (let page = first; page < end;) {
      const bit = page & 31;
      const bits = Math.min(32 - bit, end - page);
      const mask = (bits === 32 ? -1 : (1 << bits) - 1) << bit;
      count += popCount((this.#words[page >>> 5] ?? 0) & mask);
      page += bits;
    }
    return count;
  }

  addAll(other: PageSet): void {
    for (let index = 0; index < this.#words.length; index++) {
      const before = this.#words[index] ?? 0;
      const after = before | (other.#words[index] ?? 0);
      if (after === before) continue;
      this.#words[index] = after;
      this.#count += popCount(after) - popCount(before);
    }
  }

  deleteAll(other: PageSet): void {
    for (let index = 0; index < this.#words.length; index++) {
      const taken = (this.#words[index] ?? 0) & (other.#words[index] ?? 0);
      if (taken === 0) continue;
      this.#words[index] = (this.#words[index] ?? 0) & ~taken;
      this.#count -= popCount(taken);
    }
  }

  /** The first page ≥ `from` in the set, or -1. */
  next(from: number): number {
    if (from >= this.pageCount) return -1;
    let index = from >>> 5;
    let word = (this.#words[index] ?? 0) & (-1 << (from & 31));
    while (word === 0) {
      if (++index >= this.#words.length) return -1;
      word = this.#words[index] ?? 0;
    }
    return (index << 5) + (31 - Math.clz32(word & -word));
  }

  /** The first page ≥ `from` in the set, or else the first one of all; -1 of an empty set. */
  nextAround(from: number): number {
    const page = this.next(from);
    return page === -1 ? this.next(0) : page;
  }

  /** The first page ≥ `from` that is not in the set; `pageCount` where there is none. */
  #nextAbsent(from: number): number {
    let index = from >>> 5;
    let word = ~(this.#words[index] ?? 0) & (-1 << (from & 31));
    while (word === 0) {
      if (++index >= this.#words.length) return this.pageCount;
      word = ~(this.#words[index] ?? 0);
    }
    return Math.min(this.pageCount, (index << 5) + (31 - Math.clz32(word & -word)));
  }

  /**
   * Runs of consecutive pages from page `from` on, as pairs of first page and number of pages. For hot paths: it goes
   * word by word, and allocates nothing per run.
   * @param behind pages from here on are left out.
   * @returns at most `runsMax` of them, and where to go on; `next` is -1 when that was all.
   */
  runPairs(from: number, runsMax: number, behind = this.pageCount): { pairs: number[]; next: number } {
    const pairs: number[] = [];
    const nextFrom = (page: number): number => {
      const next = this.next(page);
      return next < behind ? next : -1;
    };
    let first = nextFrom(from);
    for (let runs = 0; first !== -1 && runs < runsMax; runs++) {
      const end = Math.min(behind, this.#nextAbsent(first));
      pairs.push(first, end - first);
      first = nextFrom(end);
    }
    return { pairs, next: first };
  }

  /** Runs of consecutive pages, ascending. */
  *runs(): Generator<{ first: number; count: number }> {
    let first = this.next(0);
    while (first !== -1) {
      const end = this.#nextAbsent(first);
      yield { first, count: end - first };
      first = this.next(end);
    }
  }
}

/** Bits set in a word. */
export const popCount = (word: number): number => {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};
