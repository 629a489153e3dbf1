import type { Capability } from './capability.ts';

/** QEMU's migration_trigger_throttle and its defaults. */
const periodMs = 1000;
const triggerPercent = 50;
const triggerTimes = 2;
const initialPercent = 20;
const incrementPercent = 10;
const maxPercent = 99;

/**
 * QEMU's auto-converge (migration/ram.c): at a bitmap sync at least a second after the last check, where the guest has
 * dirtied more than half of what was transferred for the second time, its vCPUs are throttled: by 20 %, then by 10 % more
 * each time, up to 99 %.
 */
export const autoConverge: Capability = {
  atSource: ({ throttle, throttledMs }) => {
    let checkedAtMs: number | null = null;
    let transferredBefore = 0;
    let dirtyBytes = 0;
    let timesHigh = 0;
    let percent = 0;
    const before = throttledMs();
    return {
      synced: ({ dirtied, pageSizeBytes, transferredBytes, nowMs }) => {
        // The first sync tells of no dirtying: every page is new.
        if (checkedAtMs === null) {
          checkedAtMs = nowMs;
          return;
        }
        dirtyBytes += dirtied.count * pageSizeBytes;
        if (nowMs - checkedAtMs < periodMs) return;
        const isHigh = dirtyBytes > ((transferredBytes - transferredBefore) * triggerPercent) / 100;
        checkedAtMs = nowMs;
        transferredBefore = transferredBytes;
        dirtyBytes = 0;
        if (!isHigh || ++timesHigh < triggerTimes) return;
        timesHigh = 0;
        percent = percent === 0 ? initialPercent : Math.min(percent + incrementPercent, maxPercent);
        throttle(percent);
      },
      entered: (phase) => {
        // The guest has stopped, or runs elsewhere.
        if (phase !== 'precopy') throttle(0);
      },
      statistics: () => ({
        cpuThrottlePercentage: percent,
        vcpuTimeTakenMs: Math.round(throttledMs() - before),
      }),
    };
  },
};
