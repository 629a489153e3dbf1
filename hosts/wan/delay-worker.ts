import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LivemigError, messageOf } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import type { DelaySettings } from './delay-line.ts';
import { closeDescriptor, openWakeup, wake } from './libc.ts';
import { controlWords, settingWords, statWords, writeDirectionSettings } from './nfqueue-shared.ts';
import type { WorkerData } from './nfqueue-shared.ts';

const startTimeoutMs = 5_000;
const pollMs = 2;
/** The worker goes round its loop at least every 200 ms; beyond this it hangs. */
const beatTimeoutMs = 3_000;

/** As the devices' MTU is, which no profile raises. */
const packetMaxBytes = 1500;

/** Loss, duplicates and reordering are of packets, not of super-packets of 44. */
const hitsPackets = ({ lossInGood, lossInBad, toBad, duplicate, reorder }: DelaySettings): boolean =>
  lossInGood > 0 || (toBad > 0 && lossInBad > 0) || duplicate > 0 || reorder > 0;

/** The thread of nfqueue-worker.ts, seen from outside. Every call reports it if the thread is gone. */
export class DelayWorker {
  readonly #settings = new Float64Array(new SharedArrayBuffer(8 * settingWords.count));
  readonly #stats = new Float64Array(new SharedArrayBuffer(8 * statWords.count));
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * controlWords.count));
  readonly #wakeupFd = openWakeup();
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #failure: string | null = null;

  /** @param script another worker, for tests */
  constructor(script = new URL(import.meta.resolve('#hosts/wan/nfqueue-worker'))) {
    const workerData: WorkerData = {
      settings: this.#settings.buffer,
      stats: this.#stats.buffer,
      control: this.#control.buffer,
      wakeupFd: this.#wakeupFd,
    };
    this.#worker = new Worker(script, { workerData });
    this.#worker.on('error', (error) => {
      this.#failure = messageOf(error);
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#failure ??= `it exited with code ${String(code)}`;
        resolve();
      });
    });
  }

  /** Resolves once the queues are bound. */
  async started(): Promise<void> {
    const ready = new Promise<void>((resolve) => this.#worker.once('message', () => { resolve(); })); // prettier-ignore
    const timer = setTimeout(() => void this.#worker.terminate(), startTimeoutMs);
    await Promise.race([ready, this.#exited]);
    clearTimeout(timer);
    this.assertAlive();
  }

  assertAlive(): void {
    const silentMs = monotonicMs() - this.#stats[statWords.beatAtMs]!;
    const hangs = this.#stats[statWords.beatAtMs] !== 0 && silentMs > beatTimeoutMs;
    const why = this.#failure ?? (hangs ? `it hasn't moved for ${silentMs.toFixed(0)} ms` : null);
    if (why !== null)
      throw new LivemigError('LINK_NOT_APPLIED', `the thread that delays the packets is gone: ${why}`);
    if (this.#stats[statWords.errors] !== 0)
      throw new LivemigError('LINK_NOT_APPLIED', 'the kernel refused a setting of NFQUEUE');
  }

  /** One setting per direction; in force once this resolves. */
  async configure(directions: readonly DelaySettings[]): Promise<void> {
    directions.forEach((direction, index) => {
      writeDirectionSettings(this.#settings, index, direction);
    });
    this.#settings[settingWords.wholeGso] = directions.some(hitsPackets) ? 0 : 1;
    this.#settings[settingWords.copyBytes] = directions.some(({ duplicate }) => duplicate > 0)
      ? packetMaxBytes
      : 0;
    const generation = Atomics.add(this.#control, controlWords.generation, 1) + 1;
    wake(this.#wakeupFd);
    const deadlineMs = monotonicMs() + beatTimeoutMs;
    while (Atomics.load(this.#control, controlWords.applied) < generation) {
      this.assertAlive();
      if (monotonicMs() > deadlineMs)
        throw new LivemigError(
          'LINK_NOT_APPLIED',
          `the delaying thread took no settings for ${String(beatTimeoutMs)} ms`,
        );
      // Polled, as Atomics.waitAsync has been seen to miss a notification (Node 24.21).
      await sleep(pollMs);
    }
    this.assertAlive();
  }

  statistics(direction: number): { lost: number; escaped: number; unsent: number } {
    const at = direction * statWords.perDirection;
    return {
      lost: this.#stats[at + statWords.lost]!,
      escaped: this.#stats[at + statWords.escaped]!,
      unsent: this.#stats[at + statWords.unsent]!,
    };
  }

  async stop(): Promise<void> {
    Atomics.store(this.#control, controlWords.stop, 1);
    wake(this.#wakeupFd);
    await this.#exited;
    closeDescriptor(this.#wakeupFd);
  }
}
