import type { Limits } from '#catalogue/limits';
import { stopRules } from '#catalogue/stop-rules';
import { traitsOf } from '#catalogue/strategies';
import type { DowntimeLimit, Measurement } from '../result.ts';

/** Whether a strategy goes by the downtime limit; one of the user's own may. */
const goesByLimit = (strategy: string, { convergence }: Pick<Limits, 'convergence'>): boolean =>
  traitsOf(strategy).stopRule !== false && stopRules.get(convergence)?.goesByDowntimeLimit !== false;

/**
 * Holds a downtime against the limit that was in force when the guest was stopped.
 * @param set as the scenario has it; `livemig set` may have changed it since.
 */
export const downtimeLimitOf = (
  measurement: Pick<Measurement, 'downtimeMs' | 'downtime' | 'downtimeStartMs' | 'parameterChanges'>,
  set: { strategy: string; limits: Pick<Limits, 'downtimeLimitMs' | 'convergence'> },
): DowntimeLimit => {
  const { downtimeMs, downtime, downtimeStartMs, parameterChanges } = measurement;
  let limitMs = set.limits.downtimeLimitMs;
  for (const { atMs, changed } of parameterChanges)
    if (atMs <= downtimeStartMs) limitMs = changed['downtimeLimitMs'] ?? limitMs;
  const exceededMs = Math.max(0, downtimeMs - limitMs);
  // Pausing comes before it.
  const parts = Object.entries(downtime).filter(([part]) => part !== 'pauseMs');
  const [longest] = parts.sort(([, left], [, right]) => right - left);
  return {
    limitMs,
    decides: goesByLimit(set.strategy, set.limits),
    exceededMs,
    longestPart: longest?.[0] ?? '',
  };
};
