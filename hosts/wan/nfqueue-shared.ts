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

/** The settings of a direction, each a word. */
const settingKeys = [
  'delayMs',
  'seed',
  'jitterMs',
  'jitterDistribution',
  'toBad',
  'toGood',
  'lossInBad',
  'lossInGood',
  'duplicate',
  'reorder',
  'reorderCorrelation',
  'reorderGap',
] as const satisfies (keyof DelaySettings)[];
const perDirection = settingKeys.length;

export const settingWords = {
  /** Whether super-packets are queued whole. */
  wholeGso: 2 * perDirection,
  /** What of each packet comes up for a copy of it. */
  copyBytes: 2 * perDirection + 1,
  count: 2 * perDirection + 2,
} as const;
export const statWords = {
  perDirection: 4,
  packets: 0,
  lost: 1,
  escaped: 2,
  /** Copies of duplicated packets that weren't sent. */
  unsent: 3,
  errors: 8,
  /** When the worker last went round its loop, in ms on CLOCK_MONOTONIC, which threads share. */
  beatAtMs: 9,
  count: 10,
} as const;
export const controlWords = { generation: 0, applied: 1, stop: 2, count: 3 } as const;

export const directionSettings = (settings: Float64Array, index: number): DelaySettings =>
  Object.fromEntries(
    settingKeys.map((key, nth) => [key, settings[index * perDirection + nth]]),
  ) as unknown as DelaySettings;

export const writeDirectionSettings = (settings: Float64Array, index: number, value: DelaySettings): void => {
  settings.set(
    settingKeys.map((key) => value[key]),
    index * perDirection,
  );
};
