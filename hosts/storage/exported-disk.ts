import { setImmediate as nextTurn } from 'node:timers/promises';
import { LivemigError } from '#proto/errors';
import { sectorBytes } from '#proto/guest';
import { leasesMax } from '#proto/storage';
import type { LeaseReport, SharedDiskConfig, StorageReport } from '#proto/storage';
import { createPool } from '#catalogue/contents/parts/pool';
import { createDiskFile } from '../guest/disk-store.ts';
import type { DiskStore } from '../guest/disk-store.ts';
import { diskContent } from '../guest/disk.ts';
import type { PageContent } from '../guest/page-content.ts';
import { bitmapBytes, SharedBitmap } from '../guest/shared-bitmap.ts';

/** Sectors that are filled in one turn of the event loop, so that the agent answers meanwhile. */
const fillSectors = 256;

/**
 * How long there were two writers: each older lease's holder counts as one until its last write, the newer lease's from its
 * grant on. Spans that overlap count once.
 */
const twoWritersMs = (leases: readonly LeaseReport[]): number => {
  const spans = leases.flatMap(({ lastWriteAtMs }, at) => {
    const newer = leases[at + 1];
    return newer === undefined || lastWriteAtMs === null || lastWriteAtMs <= newer.grantedAtMs
      ? []
      : [{ fromMs: newer.grantedAtMs, toMs: lastWriteAtMs }];
  });
  let totalMs = 0;
  let countedToMs = -Infinity;
  // Grants come in order, hence the spans do, too.
  for (const { fromMs, toMs } of spans) {
    totalMs += Math.max(0, toMs - Math.max(fromMs, countedToMs));
    countedToMs = Math.max(countedToMs, toMs);
  }
  return totalMs;
};

/**
 * A disk of the storage host: a file, and the leases it has granted. Each request is done in one turn of the event loop, so
 * nothing comes between the look at the lease and the write.
 */
export class ExportedDisk {
  readonly #id: string;
  readonly #sectors: number;
  readonly #fencing: boolean;
  readonly #store: DiskStore;
  readonly #content: PageContent;
  readonly #nowMs: () => number;
  readonly #leases: LeaseReport[] = [];
  /** Bit per sector: something has been written to it. */
  readonly #written: SharedBitmap;
  /** One sector on its way. */
  readonly #bytes: Buffer;
  readonly #words: Int32Array;

  private constructor(config: SharedDiskConfig, store: DiskStore, nowMs: () => number) {
    this.#id = config.diskId;
    this.#sectors = config.sizeBytes / sectorBytes;
    this.#fencing = config.fencing ?? true;
    this.#store = store;
    this.#nowMs = nowMs;
    this.#content = diskContent(createPool(config.seed), config.seed);
    this.#written = new SharedBitmap(this.#sectors, new SharedArrayBuffer(bitmapBytes(this.#sectors)));
    const bytes = new ArrayBuffer(sectorBytes);
    this.#bytes = Buffer.from(bytes);
    this.#words = new Int32Array(bytes);
  }

  /**
   * A sparse file, filled as a guest's disk on its own host would be.
   * @throws LivemigError UNSUPPORTED where there is no room; DISK_FULL and others of the file system
   */
  static async create(config: SharedDiskConfig, nowMs: () => number): Promise<ExportedDisk> {
    const store = createDiskFile(config);
    try {
      const disk = new ExportedDisk(config, store, nowMs);
      for (let sector = 0; sector < config.allocatedBytes / sectorBytes; sector++) {
        disk.#fill(sector);
        if (sector % fillSectors === 0) await nextTurn();
      }
      return disk;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  #fill(sector: number): void {
    this.#content.write(this.#bytes, this.#words, 0, sector, 1);
    this.#store.write(this.#bytes, 0, sectorBytes, sector * sectorBytes);
    this.#written.set(sector);
  }

  /** @throws LivemigError PROTOCOL_VIOLATION */
  #requireSectors(first: number, count: number): void {
    if (first + count > this.#sectors)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected sectors of disk ${this.#id}, which has ${this.#sectors}; got ${first} to ${first + count - 1}`,
      );
  }

  /** @throws LivemigError PROTOCOL_VIOLATION for a lease that was never granted */
  #leaseOf(epoch: number): LeaseReport {
    const lease = this.#leases[epoch - 1];
    if (lease === undefined)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected a lease of disk ${this.#id}, which has granted ${this.#leases.length}; got epoch ${epoch}`,
      );
    return lease;
  }

  /** Whether who holds this lease may not use the disk any more. */
  #isFenced({ epoch, releasedAtMs }: LeaseReport): boolean {
    return this.#fencing && (epoch < this.#leases.length || releasedAtMs !== null);
  }

  #lost({ epoch, holder }: LeaseReport): LivemigError {
    const newest = this.#leases.at(-1)!;
    const now = newest.epoch === epoch ? 'it was given back' : `${newest.holder} has epoch ${newest.epoch}`;
    return new LivemigError(
      'LEASE_LOST',
      `expected the lease of disk ${this.#id}, got epoch ${epoch} of ${holder}; ${now}: acquire it first`,
    );
  }

  /** @returns the lease's epoch, from 1 up */
  acquire(holder: string): number {
    const epoch = this.#leases.length + 1;
    if (epoch > leasesMax)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected disk ${this.#id} to be acquired ${leasesMax} times at most`,
      );
    this.#leases.push({
      epoch,
      holder,
      grantedAtMs: this.#nowMs(),
      releasedAtMs: null,
      firstWriteAtMs: null,
      lastWriteAtMs: null,
      reads: 0,
      writes: 0,
      readBytes: 0,
      writtenBytes: 0,
      lateWritesRefused: 0,
    });
    return epoch;
  }

  /** Without effect on a lease that isn't the newest, or was given back before. */
  release(epoch: number): void {
    const lease = this.#leaseOf(epoch);
    if (epoch === this.#leases.length) lease.releasedAtMs ??= this.#nowMs();
  }

  /** @throws LivemigError LEASE_LOST, PROTOCOL_VIOLATION */
  read(epoch: number, firstSector: number, count: number): Buffer {
    this.#requireSectors(firstSector, count);
    const lease = this.#leaseOf(epoch);
    if (this.#isFenced(lease)) throw this.#lost(lease);
    const data = Buffer.allocUnsafe(count * sectorBytes);
    this.#store.read(data, 0, data.length, firstSector * sectorBytes);
    lease.reads++;
    lease.readBytes += data.length;
    return data;
  }

  /** @throws LivemigError LEASE_LOST, PROTOCOL_VIOLATION: nothing was written */
  write(epoch: number, firstSector: number, data: Uint8Array): void {
    const count = data.length / sectorBytes;
    this.#requireSectors(firstSector, count);
    const lease = this.#leaseOf(epoch);
    if (this.#isFenced(lease)) {
      lease.lateWritesRefused++;
      throw this.#lost(lease);
    }
    this.#store.write(data, 0, data.length, firstSector * sectorBytes);
    for (let sector = firstSector; sector < firstSector + count; sector++) this.#written.set(sector);
    lease.writes++;
    lease.writtenBytes += data.length;
    lease.lastWriteAtMs = this.#nowMs();
    lease.firstWriteAtMs ??= lease.lastWriteAtMs;
  }

  /** A write is answered once it is in the file, so there is nothing left to do. @throws LivemigError LEASE_LOST */
  flush(epoch: number): void {
    const lease = this.#leaseOf(epoch);
    if (this.#isFenced(lease)) throw this.#lost(lease);
  }

  /** By sector, the version that its bytes represent plus one; 0 = they represent none. Needs no lease. */
  versions(firstSector: number, count: number): Uint32Array {
    this.#requireSectors(firstSector, count);
    return Uint32Array.from({ length: count }, (_, index) => this.#versionOf(firstSector + index) + 1);
  }

  #versionOf(sector: number): number {
    if (!this.#written.has(sector)) return 0;
    this.#store.read(this.#bytes, 0, sectorBytes, sector * sectorBytes);
    return this.#content.versionAt(this.#bytes, this.#words, 0, sector);
  }

  report(): StorageReport {
    return {
      fencing: this.#fencing,
      leases: this.#leases.map((lease) => ({ ...lease })),
      writersAtOnceMs: twoWritersMs(this.#leases),
    };
  }

  close(): void {
    this.#store.close();
  }
}
