import type { GuestConfig } from '#proto/guest';
import { sectorBytes } from '#proto/guest';
import { DiskLoad } from '#hosts/guest/disk-load';
import { allocateDisk } from '#hosts/guest/disk-shared';
import { Disk } from '#hosts/guest/disk';
import { StepPace } from '#hosts/guest/pace';
import { diskQueueDepth } from '../machine.ts';
import type { DiskControl } from '../machine.ts';
import { MemoryStore } from './memory-store.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A guest's disk in virtual time: the agents' own region code, requests as events, and a store in memory. */
export class ModelDisk implements DiskControl {
  readonly region: Disk;
  readonly #store = new MemoryStore();
  readonly #clock: VirtualClock;
  readonly #load: DiskLoad;
  readonly #pace: StepPace;
  readonly #allocatedBytes: number;
  #run = 0;
  #onWrite: ((block: number) => void) | null = null;
  #inFlight = 0;
  #inFlightMost = diskQueueDepth;
  #due = 0;
  #drained: () => void = () => undefined;

  constructor(
    disk: NonNullable<GuestConfig['disk']>,
    guest: GuestConfig,
    clock: VirtualClock,
    pool: ArrayBufferLike,
    lens: (region: Disk) => Disk,
  ) {
    this.#clock = clock;
    this.region = lens(new Disk(allocateDisk(disk, guest.seed, pool), this.#store));
    this.#load = new DiskLoad(this.region, guest);
    this.#pace = new StepPace(this.#load);
    this.#allocatedBytes = disk.allocatedBytes;
  }

  /** What it holds before its guest boots. */
  fill(): void {
    const { blockSizeBytes } = this.region;
    for (let block = 0; block * blockSizeBytes < this.#allocatedBytes; block++)
      this.region.fill(block, this.#allocatedBytes / sectorBytes);
    this.region.markAllPresent();
  }

  mirror(onWrite: ((block: number) => void) | null, inFlightMost = diskQueueDepth): void {
    this.#onWrite = onWrite;
    this.#inFlightMost = inFlightMost;
    if (onWrite === null) this.acknowledge(this.#inFlight);
  }

  acknowledge(writes: number): void {
    const wasFull = this.#inFlight >= this.#inFlightMost;
    this.#inFlight -= writes;
    if (this.#inFlight === 0) this.#drained();
    const run = this.#run;
    if (wasFull && this.#due > 0)
      this.#clock.soon(() => {
        if (run === this.#run) this.#requests();
      });
  }

  clean(block: number): void {
    this.region.clean(block);
  }

  /** Makes the requests that are due, as far as the queue has room. */
  #requests(): void {
    for (; this.#due > 0 && this.#inFlight < this.#inFlightMost; this.#due--) {
      const sector = this.#load.step();
      this.#pace.did(1);
      if (sector !== null && this.#onWrite !== null) this.#tell(this.region.blockOf(sector));
    }
  }

  #tell(block: number): void {
    this.#inFlight++;
    this.#clock.soon(() => {
      if (this.#onWrite !== null) this.#onWrite(block);
    });
  }

  resume(): void {
    const run = ++this.#run;
    if (this.#load.stepsPerSecond === 0) return;
    const turn = (): void => {
      if (run !== this.#run) return;
      this.#due = this.#pace.due(this.#clock.nowMs()) ?? 0;
      this.#requests();
      this.#clock.quietly(this.#pace.sleepMs, turn);
    };
    this.#clock.quietly(0, () => {
      if (run !== this.#run) return;
      this.#pace.begin(this.#clock.nowMs());
      turn();
    });
  }

  /** Resolves when no write is in flight. */
  pause(): Promise<void> {
    this.#run++;
    this.#due = 0;
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (this.#inFlight === 0) resolve();
    });
  }

  destroy(): void {
    this.#run++;
    this.#store.close();
  }
}
