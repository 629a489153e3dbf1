import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** What a thread gets that is started before it is known what for. */
export interface Spare {
  /** Where that comes … */
  port: MessagePort;
  /** … as soon as its one word isn't 0 any more. */
  bell: SharedArrayBuffer;
}

export interface SpareData {
  spare: Spare;
}

/**
 * What this thread is to do. To be asked for by a thread's module itself, which then has loaded all that it imports: a spare
 * thread says so, and stands still until it is needed.
 */
export const threadData = (): unknown => {
  const { spare } = workerData as Partial<SpareData>;
  if (spare === undefined) return workerData;
  parentPort?.postMessage('loaded');
  // As a vCPU waits: not for an event, so that it ends at once with its thread.
  Atomics.wait(new Int32Array(spare.bell), 0, 0);
  const given = receiveMessageOnPort(spare.port) as { message: unknown };
  spare.port.close();
  return given.message;
};
