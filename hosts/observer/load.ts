import { Worker } from 'node:worker_threads';
import { LivemigError, messageOf } from '#proto/errors';
import type { LoadOrder } from '#proto/service';
import type { LoadWorkerData } from './load-worker.ts';

/** Requests that are under way. */
export interface Load {
  /** Sends no more, waits until all are answered or have timed out, and ends. */
  stop(): Promise<{ samples: Buffer; full: boolean }>;
  /** Ends at once. */
  end(): Promise<void>;
}

const startTimeoutMs = 10_000;
const stopSlackMs = 10_000;

interface Told {
  samples: Uint8Array;
  full: boolean;
}

/**
 * Starts to send requests.
 * @throws LivemigError TESTBED_FAILED when no socket can be had
 */
export const startLoad = async (order: LoadOrder): Promise<Load> => {
  const stop = new SharedArrayBuffer(4);
  const stopping = new Int32Array(stop);
  const workerData: LoadWorkerData = { order, stop };
  const worker = new Worker(new URL(import.meta.resolve('#hosts/observer/load-worker')), { workerData });

  /** The next thing that it says. */
  const heard = async (mostMs: number): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = (cause: unknown): void => {
      reject(new LivemigError('TESTBED_FAILED', `the load on the guest: ${messageOf(cause)}`, { cause }));
    };
    const ended = (code: number): void => {
      fail(new Error(`its thread ended with exit code ${code}`));
    };
    worker.once('message', resolve).once('error', fail).once('exit', ended);
    const timer = setTimeout(() => {
      fail(new Error(`its thread said nothing for ${mostMs} ms`));
    }, mostMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', fail).off('exit', ended);
    }
  };
  const end = async (): Promise<void> => {
    Atomics.store(stopping, 0, 2);
    await worker.terminate();
  };
  try {
    await heard(startTimeoutMs);
  } catch (error) {
    await end();
    throw error;
  }
  // What goes wrong in between is told when it is stopped.
  let failure: unknown = null;
  worker.on('error', (cause) => {
    failure = cause;
  });
  return {
    stop: async () => {
      try {
        if (failure !== null)
          throw new LivemigError('TESTBED_FAILED', `the load on the guest: ${messageOf(failure)}`, {
            cause: failure,
          });
        Atomics.store(stopping, 0, 1);
        const { samples, full } = (await heard(order.timeoutMs + stopSlackMs)) as Told;
        return { samples: Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength), full };
      } finally {
        await end();
      }
    },
    end,
  };
};
