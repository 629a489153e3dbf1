import type { StopRule } from './stop-rule.ts';

/** Remaining must have fallen below this share of what it was at best before the window: else it is stalled. */
const progressFactor = 0.96;
/** So near to the best that was seen is as good as it gets. */
const nearFactor = 1.04;

/**
 * KubeVirt's stall detection (VEP 248): the migration is stalled where what remains has not got smaller, by 4 %, than the
 * least of more than `windowMs` ago. Then it stops at the next round that is within 4 % of the best one; each time that
 * the window passes in vain, the next best will do.
 */
export const stall = (windowMs: number): StopRule => {
  const seen: { atMs: number; pages: number }[] = [];
  let stalledAtMs: number | null = null;
  return {
    stops: ({ pendingPages, nowMs }) => {
      const before = seen.filter(({ atMs }) => atMs < nowMs - windowMs).map(({ pages }) => pages);
      const isStalled = before.length > 0 && pendingPages >= progressFactor * Math.min(...before);
      if (isStalled) stalledAtMs ??= nowMs;
      const best = [...new Set(seen.map(({ pages }) => pages))].sort((a, b) => a - b);
      seen.push({ atMs: nowMs, pages: pendingPages });
      if (pendingPages === 0) return true;
      if (stalledAtMs === null) return false;
      const patienceLost = Math.floor((nowMs - stalledAtMs) / windowMs);
      return pendingPages <= nearFactor * best[Math.min(patienceLost, best.length - 1)]!;
    },
  };
};
