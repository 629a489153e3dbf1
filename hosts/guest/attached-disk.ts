import type { DiskIoReport } from '#proto/control';
import type { DiskConfig } from '#proto/guest';
import { sectorBytes } from '#proto/guest';
import { versionBits } from '#proto/ledger';
import { diskContent } from './disk.ts';
import { LatencyHistogram, latencyHistogramBytes } from './latency-histogram.ts';
import type { PageContent } from './page-content.ts';

/** Words of an attached disk's control block. */
const attachedControl = {
  staleReads: 0,
  ioErrors: 1,
  /** Requests under way. */
  inFlight: 2,
  /** Of the lease that this host acquired last; 0 = none yet. */
  epoch: 3,
  words: 4,
} as const;

/** Which latencies are kept apart: of requests that the guest's pause found under way, and of all others. */
const spans = { running: 0, drained: 1, count: 2 } as const;
const moments = { firstWrite: 0, lastWrite: 1, count: 2 } as const;

/** What the threads of a guest share of a disk that is on the storage host. */
export interface AttachedBuffers {
  config: DiskConfig;
  seed: number;
  /** The guest's buffer that sectors' bodies are cut from. */
  pool: ArrayBufferLike;
  /** Words of proto/ledger.ts by sector, of what this host's guest last wrote to it or saw in it; 0 = never touched here. */
  lastVersion: SharedArrayBuffer;
  /** Version + 1 by sector that this host's guest saw at its first touch; 0 = never touched here. */
  firstVersion: SharedArrayBuffer;
  control: SharedArrayBuffer;
  moments: SharedArrayBuffer;
  latencies: SharedArrayBuffer;
}

export const attachDisk = (config: DiskConfig, seed: number, pool: ArrayBufferLike): AttachedBuffers => {
  const versions = (config.sizeBytes / sectorBytes) * 4;
  return {
    config,
    seed,
    pool,
    lastVersion: new SharedArrayBuffer(versions),
    firstVersion: new SharedArrayBuffer(versions),
    control: new SharedArrayBuffer(attachedControl.words * 4),
    moments: new SharedArrayBuffer(moments.count * 8),
    latencies: new SharedArrayBuffer(spans.count * latencyHistogramBytes),
  };
};

/** What this host's guest knows of a disk that is on the storage host. One per thread; the buffers are shared. */
export class AttachedDisk {
  readonly ledger: Uint32Array;
  readonly #firstVersion: Uint32Array;
  readonly #controls: Int32Array;
  readonly #moments: Float64Array;
  readonly #running: LatencyHistogram;
  readonly #drained: LatencyHistogram;
  readonly #content: PageContent;
  readonly #allocatedSectors: number;

  constructor(buffers: AttachedBuffers) {
    this.ledger = new Uint32Array(buffers.lastVersion);
    this.#firstVersion = new Uint32Array(buffers.firstVersion);
    this.#controls = new Int32Array(buffers.control);
    this.#moments = new Float64Array(buffers.moments);
    this.#running = new LatencyHistogram(buffers.latencies, spans.running * latencyHistogramBytes);
    this.#drained = new LatencyHistogram(buffers.latencies, spans.drained * latencyHistogramBytes);
    this.#content = diskContent(buffers.pool, buffers.seed);
    this.#allocatedSectors = buffers.config.allocatedBytes / sectorBytes;
  }

  /** At the source, before the guest boots: the storage has filled what is allocated with version 1. */
  knowFilled(): void {
    this.ledger.fill(1 + 1, 0, this.#allocatedSectors);
  }

  knownVersion(sector: number): number {
    return versionBits.of(this.ledger[sector] ?? 0);
  }

  firstVersion(sector: number): number {
    return (this.#firstVersion[sector] ?? 0) - 1;
  }

  /** The bytes of a sector's version. */
  sectorOf(sector: number, version: number): Buffer {
    const bytes = new ArrayBuffer(sectorBytes);
    const buffer = Buffer.from(bytes);
    this.#content.write(buffer, new Int32Array(bytes), 0, sector, version);
    return buffer;
  }

  /** The guest has read a sector: all of it must be what this guest last wrote or saw there. */
  saw(sector: number, data: Buffer): void {
    // Its own memory, as words have to be aligned.
    const bytes = new ArrayBuffer(sectorBytes);
    const buffer = Buffer.from(bytes);
    data.copy(buffer);
    const version = this.#content.versionAt(buffer, new Int32Array(bytes), 0, sector);
    const word = this.ledger[sector] ?? 0;
    const known = versionBits.of(word);
    if (known === -1 && version !== -1) {
      // After the migration the ledger shows whether this was the right version.
      this.#firstVersion[sector] = version + 1;
      this.ledger[sector] = version + 1;
    } else if (version === -1 || !versionBits.allows(word, version))
      Atomics.add(this.#controls, attachedControl.staleReads, 1);
    // The write that got no answer has been done, after all.
    else if (version > known) this.ledger[sector] = version + 1;
  }

  /** The storage has acknowledged a write. @param sentAtMs when it was sent */
  wrote(sector: number, version: number, sentAtMs: number): void {
    this.ledger[sector] = version + 1;
    const { firstWrite, lastWrite } = moments;
    if (this.#moments[firstWrite] === 0) this.#moments[firstWrite] = sentAtMs;
    this.#moments[lastWrite] = Math.max(this.#moments[lastWrite] ?? 0, sentAtMs);
  }

  /** A write of the next version got no answer: it may have been done. */
  mayHaveWritten(sector: number): void {
    this.ledger[sector] = versionBits.orNext(this.ledger[sector] ?? 0);
  }

  answered(latencyMs: number, hasDrained: boolean): void {
    (hasDrained ? this.#drained : this.#running).add(latencyMs);
  }

  failed(): void {
    Atomics.add(this.#controls, attachedControl.ioErrors, 1);
  }

  /** By one more or less under way. */
  underWay(change: 1 | -1): void {
    Atomics.add(this.#controls, attachedControl.inFlight, change);
  }

  get inFlight(): number {
    return Atomics.load(this.#controls, attachedControl.inFlight);
  }

  get epoch(): number {
    return Atomics.load(this.#controls, attachedControl.epoch);
  }

  set epoch(epoch: number) {
    Atomics.store(this.#controls, attachedControl.epoch, epoch);
  }

  get staleReads(): number {
    return Atomics.load(this.#controls, attachedControl.staleReads);
  }

  get report(): DiskIoReport {
    const moment = (of: number): number | null => {
      const atMs = this.#moments[of] ?? 0;
      return atMs === 0 ? null : atMs;
    };
    return {
      ioErrors: Atomics.load(this.#controls, attachedControl.ioErrors),
      staleReads: this.staleReads,
      firstWriteAtMs: moment(moments.firstWrite),
      lastWriteAtMs: moment(moments.lastWrite),
      running: this.#running.report,
      drained: this.#drained.report,
    };
  }
}
