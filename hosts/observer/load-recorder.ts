import { pingHost } from '#proto/pings';
import type { LoadOrder, LoadSamples, Outcome } from '#proto/service';
import {
  loadRequestsMax,
  outcomes,
  serviceAccessBytes,
  serviceHeaderBytes,
  serviceStatus,
} from '#proto/service';
import { VersionOracle } from './version-oracle.ts';

const indexOf = (outcome: Outcome): number => outcomes.indexOf(outcome);

interface Chunk {
  scheduledAtMs: Float64Array;
  lateMs: Float32Array;
  latencyMs: Float32Array;
  outcome: Uint8Array;
  bytes: Uint32Array;
}

const chunkRequests = 1 << 15;

const newChunk = (): Chunk => ({
  scheduledAtMs: new Float64Array(chunkRequests),
  lateMs: new Float32Array(chunkRequests),
  latencyMs: new Float32Array(chunkRequests).fill(NaN),
  // What isn't answered has timed out.
  outcome: new Uint8Array(chunkRequests).fill(indexOf('timeout')),
  bytes: new Uint32Array(chunkRequests),
});

/** Notes every request and what became of it, in memory that grows by chunks. Pure. */
export class LoadRecorder {
  readonly #timeoutMs: number;
  readonly #oracle: VersionOracle;
  readonly #chunks: Chunk[] = [];
  #count = 0;
  #settled = 0;

  constructor({ timeoutMs, pageCount }: Pick<LoadOrder, 'timeoutMs' | 'pageCount'>, startedAtMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#oracle = new VersionOracle(pageCount, startedAtMs);
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= loadRequestsMax;
  }

  /** Whether every request has its answer. */
  get isSettled(): boolean {
    return this.#settled === this.#count;
  }

  /** Notes a request and returns its number. @param isSent false = it couldn't be */
  sent(scheduledAtMs: number, nowMs: number): number {
    const id = this.#count++;
    const [chunk, at] = this.#placeOf(id);
    chunk.scheduledAtMs[at] = scheduledAtMs;
    chunk.lateMs[at] = nowMs - scheduledAtMs;
    return id;
  }

  /** It couldn't be sent. */
  unsent(id: number): void {
    this.#settle(id, 'other');
  }

  /** An answer; one to nothing that waits is left out. */
  answered(message: Buffer, length: number, nowMs: number): void {
    if (length < serviceHeaderBytes) return;
    const id = message.readUInt32LE(0);
    if (id >= this.#count) return;
    const [chunk, at] = this.#placeOf(id);
    if (!Number.isNaN(chunk.latencyMs[at]!)) return;
    const scheduledAtMs = chunk.scheduledAtMs[at]!;
    const outcome = this.#judge(message, length, scheduledAtMs + chunk.lateMs[at]!, nowMs);
    chunk.latencyMs[at] = nowMs - scheduledAtMs;
    chunk.bytes[at] = length;
    this.#settle(id, nowMs - scheduledAtMs > this.#timeoutMs ? 'timeout' : outcome);
  }

  #judge(message: Buffer, length: number, sentAtMs: number, nowMs: number): Outcome {
    const host = message.readUInt8(4);
    const status = message.readUInt8(5);
    if (host !== pingHost.source && host !== pingHost.destination) return 'other';
    if (status === serviceStatus.refused) return 'refused';
    const count = message.readUInt16LE(6);
    if (status !== serviceStatus.done || length < serviceHeaderBytes + count * serviceAccessBytes)
      return 'other';
    let isStale = false;
    for (let access = 0; access < count; access++) {
      const at = serviceHeaderBytes + access * serviceAccessBytes;
      const page = message.readUInt32LE(at);
      const version = message.readUInt32LE(at + 4);
      if (page >= this.#oracle.pageCount) return 'other';
      isStale ||= this.#oracle.isStale(page, version, sentAtMs);
      this.#oracle.note(page, version, nowMs);
    }
    return isStale ? 'stale' : 'done';
  }

  #settle(id: number, outcome: Outcome): void {
    const [chunk, at] = this.#placeOf(id);
    chunk.outcome[at] = indexOf(outcome);
    this.#settled += 1;
  }

  #placeOf(id: number): [Chunk, number] {
    const chunk = (this.#chunks[Math.floor(id / chunkRequests)] ??= newChunk());
    return [chunk, id % chunkRequests];
  }

  samples(): LoadSamples {
    const samples: LoadSamples = {
      scheduledAtMs: new Float64Array(this.#count),
      lateMs: new Float32Array(this.#count),
      latencyMs: new Float32Array(this.#count),
      outcome: new Uint8Array(this.#count),
      bytes: new Uint32Array(this.#count),
    };
    for (const [nth, chunk] of this.#chunks.entries()) {
      const from = nth * chunkRequests;
      const end = Math.min(chunkRequests, this.#count - from);
      for (const column of ['scheduledAtMs', 'lateMs', 'latencyMs', 'outcome', 'bytes'] as const)
        samples[column].set(chunk[column].subarray(0, end), from);
    }
    return samples;
  }
}
