import { diskQueueDepth } from '../machine.ts';
import type { DiskControl } from '../machine.ts';
import { diskControl } from './disk-shared.ts';
import type { Disk } from './disk.ts';

/** The main thread's end of the requests that a disk's thread has in flight (disk-thread.ts). */
export class DiskQueue implements DiskControl {
  readonly #disk: Disk;
  readonly #controls: Int32Array;
  #onWrite: ((block: number) => void) | null = null;
  /** Reported here, and not yet acknowledged. */
  #inFlight = 0;

  constructor(disk: Disk, control: SharedArrayBuffer) {
    this.#disk = disk;
    this.#controls = new Int32Array(control);
    Atomics.store(this.#controls, diskControl.inFlightMost, diskQueueDepth);
  }

  mirror(onWrite: ((block: number) => void) | null, inFlightMost = diskQueueDepth): void {
    this.#onWrite = onWrite;
    Atomics.store(this.#controls, diskControl.inFlightMost, inFlightMost);
    Atomics.store(this.#controls, diskControl.mirrors, onWrite === null ? 0 : 1);
    if (onWrite === null) this.acknowledge(this.#inFlight);
  }

  /** The thread has written a block. */
  told(block: number): void {
    this.#inFlight++;
    // Reported while the mirror was being turned off.
    if (this.#onWrite === null) this.acknowledge(1);
    else this.#onWrite(block);
  }

  acknowledge(writes: number): void {
    this.#inFlight -= writes;
    Atomics.add(this.#controls, diskControl.acknowledged, writes);
    Atomics.notify(this.#controls, diskControl.acknowledged);
  }

  clean(block: number): void {
    this.#disk.clean(block);
  }

  /** Whether a write waits to be acknowledged. */
  get isDraining(): boolean {
    return (
      Atomics.load(this.#controls, diskControl.told) !==
      Atomics.load(this.#controls, diskControl.acknowledged)
    );
  }
}
