import { defineCapability } from '../capability.ts';
import { stopRules } from '../stop-rules.ts';

/** QEMU's migration_trigger_throttle and its defaults. */
const periodMs = 1000;
const triggerPercent = 50;
const triggerTimes = 2;
const initialPercent = 20;
const incrementPercent = 10;
const maxPercent = 99;

/**
 * QEMU's auto-converge (migration/ram.c): bitmap syncs are checked at least a second apart. Every second time that the
 * guest has dirtied more than half of what was transferred, its vCPUs are throttled: by 20 %, then by 10 % more each
 * time, up to 99 %.
 */
export default defineCapability({
  name: 'auto-converge',
  help: 'throttle a guest that dirties pages faster than they are sent, until pre-copy converges',
  refuses: ({ strategy, traits, limits }) =>
    traits.stopRule === false
      ? `${strategy} doesn't depend on the dirty rate`
      : stopRules.get(limits.convergence)?.endsByItself,
  takenFromGuest: ({ vcpuTimeTakenMs: vcpuTimeMs = 0, cpuThrottlePercentage = 0 }) =>
    vcpuTimeMs === 0
      ? null
      : { vcpuTimeMs, detail: `, leaving it ${100 - cpuThrottlePercentage} % at the end` },
  atSource: ({ throttle, throttledMs }) => {
    let checkedAtMs: number | null = null;
    let transferredBefore = 0;
    let dirtyBytes = 0;
    let timesHigh = 0;
    let percent = 0;
    const before = throttledMs();
    return {
      synced: ({ dirtiedBytes, transferredBytes, nowMs }) => {
        // The first sync says nothing about dirtying: every page is new.
        if (checkedAtMs === null) {
          checkedAtMs = nowMs;
          return;
        }
        dirtyBytes += dirtiedBytes;
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
        // The guest is paused, or runs elsewhere.
        if (phase !== 'precopy') throttle(0);
      },
      statistics: () => ({
        cpuThrottlePercentage: percent,
        vcpuTimeTakenMs: Math.round(throttledMs() - before),
      }),
    };
  },
});
