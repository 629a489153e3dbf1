// A delaying thread that starts well, takes its settings, and dies soon after.
import { parentPort, workerData } from 'node:worker_threads';
import { controlWords } from '#hosts/wan/nfqueue-shared';
import type { WorkerData } from '#hosts/wan/nfqueue-shared';

const control = new Int32Array((workerData as WorkerData).control);
parentPort?.postMessage('ready');
setInterval(() => {
  const generation = Atomics.load(control, controlWords.generation);
  if (generation === 0) return;
  Atomics.store(control, controlWords.applied, generation);
  Atomics.notify(control, controlWords.applied);
  setTimeout(() => {
    throw new Error('lost its socket');
  }, 50);
}, 5);
