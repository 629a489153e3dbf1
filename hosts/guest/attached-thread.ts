/**
 * A guest's disk on the storage host at work: a worker thread that makes the workload's requests. It has to hear the
 * storage's answers meanwhile, so it takes its orders as messages and never sleeps in one.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { GuestConfig } from '#proto/guest';
import { realClock } from '../clock.ts';
import { connectSharedDisk } from '../storage/connect.ts';
import type { StorageAddress } from '#proto/storage';
import { AttachedDisk } from './attached-disk.ts';
import type { AttachedBuffers } from './attached-disk.ts';
import { AttachedLoad } from './attached-load.ts';
import { control, runState } from './shared.ts';

export interface AttachedThreadData {
  buffers: AttachedBuffers;
  storage: StorageAddress;
  /** The hypervisor's name. */
  holder: string;
  guest: Pick<GuestConfig, 'workload' | 'seed'>;
  /** The guest's. */
  control: SharedArrayBuffer;
}

const { buffers, storage, holder, guest, control: guestControl } = workerData as AttachedThreadData;
const controls = new Int32Array(guestControl);
const line = connectSharedDisk(storage, holder);
/** Dies with the thread, and takes the agent with it. */
const onBug = (error: unknown): void => {
  setImmediate(() => {
    throw error;
  });
};
const load = new AttachedLoad(new AttachedDisk(buffers), line, guest, realClock, onBug);
let isParked = true;

const park = (): void => {
  isParked = true;
  Atomics.add(controls, control.parked, 1);
};

const enter = async (state: number): Promise<void> => {
  if (state === runState.running && isParked) {
    isParked = false;
    Atomics.sub(controls, control.parked, 1);
    // It may have been paused again meanwhile: whoever did has seen this thread parked, or sees that it isn't.
    if (Atomics.load(controls, control.runState) === runState.running) load.resume();
    else park();
  } else if (state === runState.paused && !isParked) {
    await load.pause();
    park();
  }
};

let entered: Promise<void> = Promise.resolve();
parentPort?.on('message', (state: number) => {
  entered = entered.then(() => enter(state));
  entered.catch(onBug);
});
// It connects before the guest runs, as QEMU opens its images. What fails now fails again when it matters.
await line.versions(0, 1).catch(() => undefined);
park();
