import type { LinkSamples } from '../../proto/link-samples.ts';
import { monotonicMs } from '../../proto/units.ts';
import type { Bottlenecks } from './backend.ts';
import { QdiscCounters } from './qdisc-counters.ts';

/** An hour at 20 samples a second, 1.7 MB; what comes after is left out. */
const mostSamples = 72_000;

/** Notes at a steady rate what has passed the link. */
export class LinkSampler {
  readonly #counters: QdiscCounters;
  readonly #timer: NodeJS.Timeout;
  readonly #rows: [atMs: number, sourceToDestinationBytes: number, destinationToSourceBytes: number][] = [];
  #failure: unknown = null;

  /** The first sample is taken at once. @throws LivemigError LINK_NOT_APPLIED */
  constructor(bottlenecks: Bottlenecks, intervalMs: number) {
    this.#counters = new QdiscCounters([bottlenecks.sourceToDestination, bottlenecks.destinationToSource]);
    this.#timer = setInterval(() => {
      this.#sample();
    }, intervalMs);
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
    clearInterval(this.#timer);
    this.#counters.close();
  }

  /** A failure must not end the router between two calls: it is told when the samples are asked for. */
  #sample(): void {
    if (this.#failure !== null || this.#rows.length >= mostSamples) return;
    try {
      const [sourceToDestinationBytes = 0, destinationToSourceBytes = 0] = this.#counters.read();
      this.#rows.push([monotonicMs(), sourceToDestinationBytes, destinationToSourceBytes]);
    } catch (error) {
      this.#failure = error;
    }
  }
}
