import { MessageChannel, Worker } from 'node:worker_threads';
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { LivemigError } from '#proto/errors';
import type { SpareData } from './thread-data.ts';

/** The guest's threads, of which a host may keep spare ones: a thread takes a tenth of a second to load its code. */

/** They keep almost nothing on their heaps; V8 would reserve tens of MiB for each. */
export const threadLimits: ResourceLimits = {
  maxYoungGenerationSizeMb: 2,
  maxOldGenerationSizeMb: 64,
};

/** What a guest needs that has one vCPU, the default. */
const kinds = ['vcpu', 'nic'] as const;
type Kind = (typeof kinds)[number];

interface SpareThread {
  worker: Worker;
  give: (data: unknown, transferList: readonly Transferable[]) => void;
}

/** At most one of each kind. */
const spares = new Map<Kind, SpareThread>();

const scripts: Readonly<Record<Kind, URL>> = {
  vcpu: new URL(import.meta.resolve('#hosts/guest/vcpu')),
  nic: new URL(import.meta.resolve('#hosts/guest/nic')),
};

/** Resolves when it has loaded its code, and stands still. @throws LivemigError TESTBED_FAILED where it ended instead */
const startSpare = async (kind: Kind): Promise<SpareThread> => {
  const { port1: far, port2: near } = new MessageChannel();
  const bell = new SharedArrayBuffer(4);
  const workerData: SpareData = { spare: { port: far, bell } };
  const worker = new Worker(scripts[kind], { workerData, transferList: [far], resourceLimits: threadLimits });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const failed = (cause: unknown): void => {
    reject(new LivemigError('TESTBED_FAILED', `a spare ${kind} thread could not be started`, { cause }));
  };
  worker.once('message', () => {
    resolve(undefined);
  });
  worker.once('error', failed);
  worker.once('exit', failed);
  await promise;
  worker.off('error', failed);
  worker.off('exit', failed);
  // A host that ends doesn't wait for it.
  worker.unref();
  return {
    worker,
    give: (data, transferList) => {
      near.postMessage(data, transferList);
      near.close();
      const word = new Int32Array(bell);
      Atomics.store(word, 0, 1);
      Atomics.notify(word, 0);
      worker.ref();
    },
  };
};

/** Keeps one spare thread of each kind, for the next guest. @throws LivemigError TESTBED_FAILED */
export const prepareThreads = async (): Promise<void> => {
  const missing = kinds.filter((kind) => !spares.has(kind));
  const started = await Promise.all(missing.map(startSpare));
  for (const [nth, kind] of missing.entries()) spares.set(kind, started[nth]!);
};

/** Ends the spare threads that nobody has taken. */
export const endSpareThreads = async (): Promise<void> => {
  const unused = [...spares.values()];
  spares.clear();
  await Promise.all(unused.map(({ worker }) => worker.terminate()));
};

/** A thread of the guest: a spare one, if there is one and it needs no more than usual. */
export const threadFor = (
  kind: Kind,
  workerData: unknown,
  transferList: readonly Transferable[] = [],
  resourceLimits: ResourceLimits = threadLimits,
): Worker => {
  const spare = resourceLimits === threadLimits ? spares.get(kind) : undefined;
  if (spare === undefined)
    return new Worker(scripts[kind], { workerData, transferList: [...transferList], resourceLimits });
  spares.delete(kind);
  spare.give(workerData, transferList);
  return spare.worker;
};
