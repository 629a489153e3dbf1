import { codeOf } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';
import { versionsMaxSectors } from '#proto/storage';
import { realClock } from '../clock.ts';
import type { LeasedDisk } from '../machine.ts';
import { connectSharedDisk } from '../storage/connect.ts';
import type { StorageAddress } from '#proto/storage';
import type { SharedDisk } from '../storage/shared-disk.ts';
import { AttachedDisk } from './attached-disk.ts';
import type { AttachedBuffers } from './attached-disk.ts';

/** A lost connection comes back: the guest stands still meanwhile, so the wait is bounded. */
const acquireMaxMs = 20_000;
const againMs = 50;
const passing: readonly ErrorCode[] = ['CONNECTION_LOST', 'CONNECTION_REFUSED'];

/** The main thread's end of a disk on the storage host: its lease, and the comparison at the end. */
export class DiskLease implements LeasedDisk {
  readonly buffers: AttachedBuffers;
  readonly storage: StorageAddress;
  readonly #disk: AttachedDisk;
  readonly #line: SharedDisk;
  #isClosed = false;

  /** @param holder the hypervisor's name */
  constructor(buffers: AttachedBuffers, storage: StorageAddress, holder: string) {
    this.buffers = buffers;
    this.storage = storage;
    this.#disk = new AttachedDisk(buffers);
    this.#line = connectSharedDisk(storage, holder);
  }

  /** Connects, at the source with the lease, before the guest runs. @throws LivemigError */
  async open(host: 'source' | 'destination'): Promise<void> {
    await this.#line.versions(0, 1);
    if (host === 'destination') return;
    this.#disk.knowFilled();
    await this.acquire();
  }

  async acquire(): Promise<void> {
    const untilMs = realClock.nowMs() + acquireMaxMs;
    for (;;)
      try {
        this.#disk.epoch = await this.#line.acquire();
        return;
      } catch (error) {
        if (this.#isClosed || !passing.includes(codeOf(error)) || realClock.nowMs() > untilMs) throw error;
        await new Promise<void>((resolve) => {
          realClock.timer(againMs, resolve);
        });
      }
  }

  async release(): Promise<void> {
    await this.#line.release();
  }

  get isDraining(): boolean {
    return this.#disk.inFlight > 0;
  }

  get ledger(): Uint32Array {
    return this.#disk.ledger;
  }

  get staleReads(): number {
    return this.#disk.staleReads;
  }

  firstVersion(sector: number): number {
    return this.#disk.firstVersion(sector);
  }

  async readVersions(first: number, count: number): Promise<Int32Array> {
    const found = new Int32Array(count);
    for (let at = 0; at < count; at += versionsMaxSectors) {
      const words = await this.#line.versions(first + at, Math.min(versionsMaxSectors, count - at));
      found.set(
        Int32Array.from(words, (word) => word - 1),
        at,
      );
    }
    return found;
  }

  get report() {
    return this.#disk.report;
  }

  close(): void {
    this.#isClosed = true;
    this.#line.close();
  }
}
