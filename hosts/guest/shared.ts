import { pageSizeBytes } from '../../proto/units.ts';
import { pagesPerSegment } from './geometry.ts';
import { createPool } from './page-bodies/pool.ts';

/** vCPU registers: 16 words of workload state that travel with the device state. */
export const registerWords = 16;
/** Latency samples kept per vCPU: the newest of them. */
export const faultRingEntries = 1 << 16;

/** Words of the control block. */
export const control = { runState: 0, parked: 1, staleReads: 2, throttlePercent: 3, words: 8 } as const;
export const runState = { paused: 0, running: 1, stopped: 2 } as const;

/** Per-vCPU doubles in the clock block. */
export const clock = {
  firstInstructionMs: 0,
  lastInstructionMs: 1,
  operations: 2,
  stalledMs: 3,
  faults: 4,
  cpuS: 5,
  dirtied: 6,
  throttledMs: 7,
  words: 8,
} as const;

/** Everything that the threads of one guest share; plain buffers, so that it can be posted to a worker. */
export interface GuestBuffers {
  pageCount: number;
  vcpus: number;
  segments: SharedArrayBuffer[];
  pool: SharedArrayBuffer;
  /** Bit per page: written since the last bitmap sync. */
  dirty: SharedArrayBuffer;
  /** Bit per page: the page is here. All set on a host that booted the guest. */
  present: SharedArrayBuffer;
  /** Version + 1 that this host's guest last wrote to a page or saw in it; 0 = never touched here. */
  lastVersion: SharedArrayBuffer;
  /** Version + 1 that this host's guest saw when it first touched the page; 0 = never touched here. */
  firstVersion: SharedArrayBuffer;
  control: SharedArrayBuffer;
  clocks: SharedArrayBuffer;
  registers: SharedArrayBuffer;
  /** Per vCPU the page that it waits for, or -1. */
  waiting: SharedArrayBuffer;
  /** Per vCPU a ring of fault latencies in µs. */
  faultLatencies: SharedArrayBuffer;
}

/** Words of a bitmap over `pageCount` pages. */
export const bitmapWords = (pageCount: number): number => Math.ceil(pageCount / 32);

/** Lays out a guest. Nothing is written, so memory costs nothing until it is touched. */
export const allocateGuest = (pageCount: number, vcpus: number, seed: number): GuestBuffers => {
  const segments: SharedArrayBuffer[] = [];
  for (let first = 0; first < pageCount; first += pagesPerSegment)
    segments.push(new SharedArrayBuffer(Math.min(pagesPerSegment, pageCount - first) * pageSizeBytes));
  const waiting = new SharedArrayBuffer(vcpus * 4);
  new Int32Array(waiting).fill(-1);
  return {
    pageCount,
    vcpus,
    segments,
    pool: createPool(seed),
    dirty: new SharedArrayBuffer(bitmapWords(pageCount) * 4),
    present: new SharedArrayBuffer(bitmapWords(pageCount) * 4),
    lastVersion: new SharedArrayBuffer(pageCount * 4),
    firstVersion: new SharedArrayBuffer(pageCount * 4),
    control: new SharedArrayBuffer(control.words * 4),
    clocks: new SharedArrayBuffer(vcpus * clock.words * 8),
    registers: new SharedArrayBuffer(vcpus * registerWords * 4),
    waiting,
    faultLatencies: new SharedArrayBuffer(vcpus * faultRingEntries * 4),
  };
};
