import { integer } from '../parameter.ts';
import { defineStopRule } from '../stop-rule.ts';
import { byRounds } from './parts/by-rounds.ts';
import type { RoundRule } from './parts/by-rounds.ts';

/** Stalled unless the remaining pages have fallen below this share of the minimum before the window. */
const progressFactor = 0.96;
/** A round this close to the minimum is good enough. */
const nearFactor = 1.04;

/**
 * KubeVirt's stall detection (VEP 248): the migration is stalled if the remaining pages have not fallen 4 % below the
 * minimum of more than `windowMs` ago. Then it stops at the next round within 4 % of the best one; each time that the
 * window passes without one, the next best is accepted.
 */
export const stall = (windowMs: number): RoundRule => {
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

export default defineStopRule({
  name: 'stall',
  help: "KubeVirt's: once there is no progress for a window of time, stop near the best round seen",
  parameters: {
    stallWindowMs: integer({
      help: 'a migration is stalled after this time without progress',
      unit: 'ms',
      least: 1,
      most: 600_000,
      default: 40_000,
      option: '--stall-window <ms>',
    }),
  },
  goesByDowntimeLimit: true,
  precopy: (session, signal, { stallWindowMs }) => byRounds(session, stall(stallWindowMs), false, signal),
});
