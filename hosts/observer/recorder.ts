import type { PingSamples } from '#proto/pings';
import { pingHost } from '#proto/pings';

interface Chunk {
  sentAtMs: Float64Array;
  receivedAtMs: Float64Array;
  host: Uint8Array;
}

/** Half a minute at 1 kHz: a chunk costs 0.5 MiB and is never copied while pings run. */
const chunkPings = 1 << 15;

/**
 * Remembers every ping in typed arrays that grow by chunks, so that a thousand pings a second neither allocate nor
 * leave work for the garbage collector, whose pauses would look like the guest's.
 */
export class PingRecorder {
  readonly #maxPings: number;
  readonly #chunks: Chunk[] = [];
  #sent = 0;
  #received = 0;

  /** @param maxPings the most that are kept; once `full`, no more pings may be sent. */
  constructor(maxPings: number) {
    this.#maxPings = maxPings;
  }

  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#received;
  }

  /** Whether the newest ping has its answer. */
  get isNewestAnswered(): boolean {
    const newest = this.#sent - 1;
    return newest >= 0 && this.#chunkOf(newest).host[newest % chunkPings] !== pingHost.none;
  }

  get full(): boolean {
    return this.#sent >= this.#maxPings;
  }

  /** Notes a ping and returns its sequence number. */
  recordSent(atMs: number): number {
    const sequence = this.#sent++;
    this.#chunkOf(sequence).sentAtMs[sequence % chunkPings] = atMs;
    return sequence;
  }

  /** Notes an answer; duplicates and answers to pings never sent are ignored. */
  recordReceived(sequence: number, host: number, atMs: number): void {
    if (sequence >= this.#sent || (host !== pingHost.source && host !== pingHost.destination)) return;
    const chunk = this.#chunkOf(sequence);
    const index = sequence % chunkPings;
    if (chunk.host[index] !== pingHost.none) return;
    chunk.receivedAtMs[index] = atMs;
    chunk.host[index] = host;
    this.#received += 1;
  }

  samples(): PingSamples {
    const samples: PingSamples = {
      sentAtMs: new Float64Array(this.#sent),
      receivedAtMs: new Float64Array(this.#sent),
      host: new Uint8Array(this.#sent),
    };
    for (const [number, chunk] of this.#chunks.entries()) {
      const start = number * chunkPings;
      const count = Math.min(chunkPings, this.#sent - start);
      samples.sentAtMs.set(chunk.sentAtMs.subarray(0, count), start);
      samples.receivedAtMs.set(chunk.receivedAtMs.subarray(0, count), start);
      samples.host.set(chunk.host.subarray(0, count), start);
    }
    return samples;
  }

  #chunkOf(sequence: number): Chunk {
    const number = Math.floor(sequence / chunkPings);
    return (this.#chunks[number] ??= {
      sentAtMs: new Float64Array(chunkPings),
      receivedAtMs: new Float64Array(chunkPings).fill(NaN),
      host: new Uint8Array(chunkPings),
    });
  }
}
