/** A guest's disk at work: a worker thread that makes the workload's requests, and stops with the vCPUs. */
import { parentPort, workerData } from 'node:worker_threads';
import type { GuestConfig } from '#proto/guest';
import { monotonicMs } from '#proto/units';
import { DiskLoad } from './disk-load.ts';
import { diskControl } from './disk-shared.ts';
import type { DiskBuffers } from './disk-shared.ts';
import { FileStore } from './disk-store.ts';
import { Disk } from './disk.ts';
import { StepPace } from './pace.ts';
import { park } from './parking.ts';
import { control, runState } from './shared.ts';

export interface DiskThreadData {
  buffers: DiskBuffers;
  fd: number;
  guest: Pick<GuestConfig, 'workload' | 'seed'>;
  /** The guest's. */
  control: SharedArrayBuffer;
}

/** How long it sleeps at most before it checks again whether to stop. */
const lookMs = 10;

const { buffers, fd, guest, control: guestControl } = workerData as DiskThreadData;
const controls = new Int32Array(guestControl);
const queue = new Int32Array(buffers.control);
const disk = new Disk(buffers, new FileStore(fd));
const load = new DiskLoad(disk, guest);

const isRunning = (): boolean => Atomics.load(controls, control.runState) === runState.running;
const isStopped = (): boolean => Atomics.load(controls, control.runState) === runState.stopped;

/** Waits while more than `most` writes are in flight, as long as `goesOn`. */
const untilInFlight = (most: number, goesOn: () => boolean): void => {
  for (;;) {
    const acknowledged = Atomics.load(queue, diskControl.acknowledged);
    const inFlight = (Atomics.load(queue, diskControl.told) - acknowledged) | 0;
    if (inFlight <= most || !goesOn()) return;
    Atomics.wait(queue, diskControl.acknowledged, acknowledged, lookMs);
  }
};

/** One request. A mirrored write is done here at once, and in flight until the other side has it too. */
const request = (): void => {
  const sector = load.step();
  if (sector === null || Atomics.load(queue, diskControl.mirrors) === 0) return;
  Atomics.add(queue, diskControl.told, 1);
  parentPort?.postMessage(disk.blockOf(sector));
};

while (park(controls)) {
  const pace = new StepPace(load);
  pace.begin(monotonicMs());
  while (isRunning()) {
    const due = pace.due(monotonicMs()) ?? 0;
    let done = 0;
    for (; done < due && isRunning(); done++) {
      untilInFlight(Atomics.load(queue, diskControl.inFlightMost) - 1, isRunning);
      if (isRunning()) request();
    }
    pace.did(done);
    Atomics.wait(controls, control.runState, runState.running, pace.sleepMs);
  }
  // The drain: the guest is out only when its requests are done.
  untilInFlight(0, () => !isStopped());
}
