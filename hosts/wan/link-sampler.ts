import type { LinkSamples } from '#proto/link-samples';
import type { Cancel, MigrationClock } from '../clock.ts';
import { every, realClock } from '../clock.ts';

/** What has passed each direction so far, in bytes: source to destination, and back. */
export interface ByteCounters {
  /** @throws LivemigError LINK_NOT_APPLIED */
  read(): readonly number[];
  close(): void;
}

/** An hour at 20 samples a second, 1.7 MB; what comes after is left out. */
const mostSamples = 72_000;

/** Notes at a steady rate what has passed the link. */
export class LinkSampler {
  readonly #counters: ByteCounters;
  readonly #clock: MigrationClock;
  readonly #end: Cancel;
  readonly #rows: [atMs: number, sourceToDestinationBytes: number, destinationToSourceBytes: number][] = [];
  #failure: unknown = null;

  /** The first sample is taken at once. @throws LivemigError LINK_NOT_APPLIED */
  constructor(counters: ByteCounters, intervalMs: number, clock: MigrationClock = realClock) {
    this.#counters = counters;
    this.#clock = clock;
    this.#end = every(clock, intervalMs, () => {
      this.#sample();
    });
    this.#sample();
    if (this.#failure === null) return;
    this.close();
    throw this.#failure as Error;
  }

  /**
   * Takes a last sample and ends.
   * @throws LivemigError LINK_NOT_APPLIED when the link was gone at one of them.
   */
  stop(): LinkSamples {
    this.#sample();
    this.close();
    if (this.#failure !== null) throw this.#failure as Error;
    const column = (index: 0 | 1 | 2): Float64Array => Float64Array.from(this.#rows, (row) => row[index]);
    return { atMs: column(0), sourceToDestinationBytes: column(1), destinationToSourceBytes: column(2) };
  }

  close(): void {
    this.#end();
    this.#counters.close();
  }

  /** A failure must not end the router between two calls: it is reported when the samples are requested. */
  #sample(): void {
    if (this.#failure !== null || this.#rows.length >= mostSamples) return;
    try {
      const [sourceToDestinationBytes = 0, destinationToSourceBytes = 0] = this.#counters.read();
      this.#rows.push([this.#clock.nowMs(), sourceToDestinationBytes, destinationToSourceBytes]);
    } catch (error) {
      this.#failure = error;
    }
  }
}
