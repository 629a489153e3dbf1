/** Answers that arrive within this time are taken for simultaneous. */
const epochMs = 10;

/**
 * What the outside knows of the guest's pages. Versions only grow, so an answer is stale if a page in it is older than an
 * answer that had arrived before the request was sent said. Of each page the newest version is kept, and the one before
 * the newest one's epoch, so that pages that change all the time are compared as well. Pure.
 */
export class VersionOracle {
  readonly #newest: Uint32Array;
  readonly #newestEpoch: Uint32Array;
  readonly #older: Uint32Array;
  readonly #olderEpoch: Uint32Array;
  readonly #startedAtMs: number;

  constructor(pageCount: number, startedAtMs: number) {
    this.#newest = new Uint32Array(pageCount);
    this.#newestEpoch = new Uint32Array(pageCount);
    this.#older = new Uint32Array(pageCount);
    this.#olderEpoch = new Uint32Array(pageCount);
    this.#startedAtMs = startedAtMs;
  }

  get pageCount(): number {
    return this.#newest.length;
  }

  #epochOf(atMs: number): number {
    return 1 + Math.max(0, Math.floor((atMs - this.#startedAtMs) / epochMs));
  }

  /** Whether this version of the page is too old for an answer to a request that was sent then. */
  isStale(page: number, version: number, sentAtMs: number): boolean {
    const epoch = this.#epochOf(sentAtMs);
    if (this.#newestEpoch[page]! < epoch) return version < this.#newest[page]!;
    return this.#olderEpoch[page]! < epoch && version < this.#older[page]!;
  }

  /** An answer with this version has arrived. */
  note(page: number, version: number, arrivedAtMs: number): void {
    if (version <= this.#newest[page]!) return;
    const epoch = this.#epochOf(arrivedAtMs);
    if (this.#newestEpoch[page]! < epoch) {
      this.#older[page] = this.#newest[page]!;
      this.#olderEpoch[page] = this.#newestEpoch[page]!;
    }
    this.#newest[page] = version;
    this.#newestEpoch[page] = epoch;
  }
}
