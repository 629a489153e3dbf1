import { faultsToldMax } from '#proto/events';
import { pageSizeBytes } from '#proto/units';
import { pagesPerSegment } from './geometry.ts';
import { bitmapBytes } from './shared-bitmap.ts';
import { createPool } from '#catalogue/contents/parts/pool';

/** vCPU registers: 16 words of workload state that travel with the device state. */
export const registerWords = 16;
/** Latency samples kept per vCPU: the newest of them. */
export const faultRingEntries = 1 << 16;
/** Doubles of a fault that is kept as such. */
export const faultWords = { requestedAtMs: 0, answeredAtMs: 1, page: 2, words: 3 } as const;

/** Words of the control block. */
export const control = {
  runState: 0,
  parked: 1,
  staleReads: 2,
  throttlePercent: 3,
  /** Whether writes are logged, too. */
  logsWrites: 4,
  /** Counts whatever a vCPU without work wakes for. */
  doorbell: 5,
  words: 8,
} as const;
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
  /** Shared where there are threads; elsewhere plain memory, which is copied ten times as fast. */
  segments: ArrayBufferLike[];
  pool: ArrayBufferLike;
  /** Bit per page: written since the last bitmap sync. */
  dirty: SharedArrayBuffer;
  /** Bit per page: written since the recorder last looked; only while one is recording. */
  log: SharedArrayBuffer;
  /** Bit per page: the page is present. All set on a host that booted the guest. */
  present: SharedArrayBuffer;
  /** Version + 1 that this host's guest last wrote to a page or saw in it; 0 = never touched here. */
  lastVersion: SharedArrayBuffer;
  /** Version + 1 that this host's guest saw when it first touched the page; 0 = never touched here. */
  firstVersion: SharedArrayBuffer;
  control: SharedArrayBuffer;
  clocks: SharedArrayBuffer;
  /** Those of all vCPUs, then the queue of requests (request-queue.ts): all of it travels with the device state. */
  registers: SharedArrayBuffer;
  /** Per vCPU the page that it waits for, or -1. */
  waiting: SharedArrayBuffer;
  /** Per vCPU a ring of fault latencies in µs. */
  faultLatencies: SharedArrayBuffer;
  /** Per vCPU its first faults, `faultsToldMax` of them. */
  firstFaults: SharedArrayBuffer;
}

/**
 * Lays out a guest. Nothing is written, so memory costs nothing until it is touched.
 * @param made buffers made elsewhere: the one that page contents are cut from, and segments of zeros; and room for requests.
 */
export const allocateGuest = (
  pageCount: number,
  vcpus: number,
  seed: number,
  made: {
    pool?: ArrayBufferLike;
    newSegment?: (bytes: number) => ArrayBufferLike;
    requestQueueBytes?: number;
  } = {},
): GuestBuffers => {
  const {
    requestQueueBytes = 0,
    pool = createPool(seed),
    newSegment = (bytes: number) => new SharedArrayBuffer(bytes),
  } = made;
  const segments: ArrayBufferLike[] = [];
  for (let first = 0; first < pageCount; first += pagesPerSegment)
    segments.push(newSegment(Math.min(pagesPerSegment, pageCount - first) * pageSizeBytes));
  const waiting = new SharedArrayBuffer(vcpus * 4);
  new Int32Array(waiting).fill(-1);
  return {
    pageCount,
    vcpus,
    segments,
    pool,
    dirty: new SharedArrayBuffer(bitmapBytes(pageCount)),
    log: new SharedArrayBuffer(bitmapBytes(pageCount)),
    present: new SharedArrayBuffer(bitmapBytes(pageCount)),
    lastVersion: new SharedArrayBuffer(pageCount * 4),
    firstVersion: new SharedArrayBuffer(pageCount * 4),
    control: new SharedArrayBuffer(control.words * 4),
    clocks: new SharedArrayBuffer(vcpus * clock.words * 8),
    registers: new SharedArrayBuffer(vcpus * registerWords * 4 + requestQueueBytes),
    waiting,
    faultLatencies: new SharedArrayBuffer(vcpus * faultRingEntries * 4),
    firstFaults: new SharedArrayBuffer(vcpus * faultsToldMax * faultWords.words * 8),
  };
};
