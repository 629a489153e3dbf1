import { percentile, sorted } from '../measure/statistics.ts';
import type { PredictedStart } from './predict.ts';

/** How often a guest may be migrated without violating its service level agreement. Pure. */

export interface Agreement {
  /** Share of the period in which the guest has to be available, from 0 to 1. */
  availability: number;
  periodMs: number;
  /** Unavailable already. */
  usedMs: number;
  /** No single interruption may be longer; null = whatever. */
  maxGapMs: number | null;
  /** Share of the migrations whose downtime is no longer than what is reckoned with. */
  confidence: number;
}

/** What is predicted for one way to migrate; a failure where it would not end. */
export interface Way {
  name: string;
  starts: readonly PredictedStart[];
  failure: string | null;
}

export interface WayInBudget {
  name: string;
  /** At the confidence asked for; null where it would not end. */
  downtimeMs: number | null;
  totalTimeMs: number | null;
  /** How many migrations the budget has room for; 0 where none is allowed. */
  migrations: number;
  /** Between two of them, evenly over the period; null where there are none. */
  intervalMs: number | null;
  /** The moment with the shortest downtime, in ms after the guest's start, and its downtime; null where there is only one. */
  bestStart: { startAtMs: number; downtimeMs: number } | null;
  /** Why no migration is allowed. */
  refusal: string | null;
}

export interface SlaPlan {
  /** What the agreement leaves of unavailability; negative where it is violated already. */
  budgetMs: number;
  ways: WayInBudget[];
}

const refused = (name: string, refusal: string): WayInBudget => ({
  name,
  downtimeMs: null,
  totalTimeMs: null,
  migrations: 0,
  intervalMs: null,
  bestStart: null,
  refusal,
});

/** A rounding error must not cost a migration: a budget of exactly ten downtimes has room for ten. */
const slack = 1e-9;

const inBudget = (way: Way, agreement: Agreement, budgetMs: number): WayInBudget => {
  const { name, starts, failure } = way;
  const { confidence, maxGapMs, periodMs } = agreement;
  if (failure !== null) return refused(name, failure);
  const [first, ...others] = starts;
  if (first === undefined) return refused(name, 'nothing is predicted of it');
  const at = (of: (start: PredictedStart) => number): number =>
    percentile(sorted(starts.map(of)), confidence) ?? Number.NaN;
  const downtimeMs = at((start) => start.downtimeMs);
  const best = others.reduce((one, other) => (other.downtimeMs < one.downtimeMs ? other : one), first);
  const isTooLong = maxGapMs !== null && downtimeMs > maxGapMs;
  const migrations = isTooLong || budgetMs <= 0 ? 0 : Math.floor(budgetMs / downtimeMs + slack);
  const refusal = isTooLong
    ? `its downtime of ${downtimeMs.toFixed(1)} ms exceeds the longest interruption of ${maxGapMs} ms`
    : budgetMs <= 0
      ? 'the agreement leaves no unavailability'
      : migrations === 0
        ? `its downtime of ${downtimeMs.toFixed(1)} ms exceeds the budget of ${budgetMs.toFixed(1)} ms`
        : null;
  return {
    name,
    downtimeMs,
    totalTimeMs: at((start) => start.totalTimeMs),
    migrations,
    intervalMs: migrations === 0 ? null : periodMs / migrations,
    bestStart: others.length === 0 ? null : { startAtMs: best.startAtMs, downtimeMs: best.downtimeMs },
    refusal,
  };
};

export const planSla = (agreement: Agreement, ways: readonly Way[]): SlaPlan => {
  const { availability, periodMs, usedMs } = agreement;
  const budgetMs = (1 - availability) * periodMs - usedMs;
  return { budgetMs, ways: ways.map((way) => inBudget(way, agreement, budgetMs)) };
};
