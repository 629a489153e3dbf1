import { nextRandom } from '#catalogue/contents/parts/pool';
import type { GuestConfig } from '#proto/guest';
import { sectorBytes } from '#proto/guest';
import type { Disk } from './disk.ts';
import { GuestView } from './view.ts';

/** What a guest does with its disk per second: reads and writes. */
export const diskRateOf = ({ workload }: Pick<GuestConfig, 'workload'>): number =>
  (workload.diskWriteRateSectorsPerSecond ?? 0) + (workload.diskReadRateSectorsPerSecond ?? 0);

/** The requests of a workload: random sectors of a region at the disk's start. */
export class DiskRequests {
  readonly stepsPerSecond: number;
  readonly #sectors: number;
  /** A random number below this is a write. */
  readonly #writesBelow: number;
  #random: number;

  constructor({ workload, seed }: Pick<GuestConfig, 'workload' | 'seed'>) {
    this.stepsPerSecond = diskRateOf({ workload });
    this.#sectors = Math.max(1, Math.floor((workload.diskRegionBytes ?? 0) / sectorBytes));
    const writes = workload.diskWriteRateSectorsPerSecond ?? 0;
    this.#writesBelow = (writes / Math.max(1, this.stepsPerSecond)) * 2 ** 32;
    this.#random = seed | 1;
  }

  #number(): number {
    const random = nextRandom(this.#random);
    this.#random = random | 0;
    return random >>> 0;
  }

  next(): { sector: number; isWrite: boolean } {
    const isWrite = this.#number() < this.#writesBelow;
    return { isWrite, sector: this.#number() % this.#sectors };
  }
}

/** What a guest does with its disk on this host: each read is compared with what this guest last wrote there. */
export class DiskLoad {
  readonly stepsPerSecond: number;
  readonly #view: GuestView;
  readonly #requests: DiskRequests;

  constructor(disk: Disk, guest: Pick<GuestConfig, 'workload' | 'seed'>) {
    this.#requests = new DiskRequests(guest);
    this.stepsPerSecond = this.#requests.stepsPerSecond;
    // The whole disk arrives before the guest runs: a missing sector here is an error.
    this.#view = new GuestView(disk.sectors, () => {
      disk.sectors.noteStaleRead();
    });
  }

  /** One request. Returns the sector written; null = it was a read. */
  step(): number | null {
    const { sector, isWrite } = this.#requests.next();
    if (isWrite) this.#view.write(sector);
    else this.#view.read(sector);
    return isWrite ? sector : null;
  }
}
