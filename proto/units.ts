/** The guest's page size in bytes: x86-64's and QEMU's target page. */
export const pageSizeBytes = 4096;
/** Length of the pattern that a uniform page repeats, in bytes. */
export const uniformPatternBytes = 16;
export const mebibyte = 1 << 20;
export const gibibyte = 2 ** 30;

/** Milliseconds on CLOCK_MONOTONIC, which every process, container and namespace of one kernel shares. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Node's timers take at most 2^31 − 1 ms, some 25 days; a longer one fires at once. */
export const timerMaxMs = 2 ** 31 - 1;

/** Clamps a computed duration of any length to a timer's range. */
export const timerMs = (durationMs: number): number => Math.min(durationMs, timerMaxMs);

/** Bytes in flight on a full link: rate × RTT. */
export const bandwidthDelayProductBytes = (rateMbps: number, rttMs: number): number =>
  Math.ceil((rateMbps * 1e6 * rttMs) / 8e3);
