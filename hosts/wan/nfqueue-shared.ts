/** The memory that the nfqueue backend and its worker share. */
import type { DelaySettings } from './delay-line.ts';

export interface WorkerData {
  settings: SharedArrayBuffer;
  stats: SharedArrayBuffer;
  control: SharedArrayBuffer;
  wakeupFd: number;
}

/** NFQUEUE numbers (of the router's own network namespace): source to destination, destination to source. */
export const queueNumbers = [11, 12] as const;

const perDirection = 3;
export const settingWords = { count: 2 * perDirection + 1, wholeGso: 2 * perDirection } as const;
export const statWords = {
  perDirection: 3,
  packets: 0,
  lost: 1,
  escaped: 2,
  errors: 6,
  /** When the worker last went round its loop, in ms on CLOCK_MONOTONIC, which threads share. */
  beatAtMs: 7,
  count: 8,
} as const;
export const controlWords = { generation: 0, applied: 1, stop: 2, count: 3 } as const;

export const directionSettings = (settings: Float64Array, index: number): DelaySettings => ({
  delayMs: settings[index * perDirection]!,
  jitterMs: settings[index * perDirection + 1]!,
  lossFraction: settings[index * perDirection + 2]!,
});

export const writeDirectionSettings = (settings: Float64Array, index: number, value: DelaySettings): void => {
  settings.set([value.delayMs, value.jitterMs, value.lossFraction], index * perDirection);
};
