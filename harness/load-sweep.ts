import type { BootedGuestOptions } from './booted-guest.ts';
import { withBootedGuest } from './booted-guest.ts';
import type { LoadConfig } from '#proto/service';
import { LivemigError } from '#proto/errors';
import { latenessOf, spanOf } from './measure/service.ts';
import { checkLoad, disagreementOf } from './measure/cross-checks.ts';
import type { ServiceSpan } from './result.ts';
import { beginLoad, endLoad } from './run/load.ts';
import { pass } from './run/migration.ts';
import type { Scenario } from './scenario.ts';

/** The rates of a sweep, and how long each lasts. */
export interface LoadSweepPlan {
  ratesPerSecond: readonly number[];
  durationMs: number;
}

/** What the service did at one rate. */
export interface LoadStep extends ServiceSpan {
  rate: number;
  lateP99Ms: number | null;
  /** Why its figures are no good: the generator was late; null = they are. */
  doubt: string | null;
}

/** Cut off at the start of each rate: until the queue is at its length. */
const settleMs = 500;

/** Fewer good answers of the requests, or p95 above this multiple of the lowest rate's: it is saturated. */
const saturation = { repliesLeast: 0.98, p95Factor: 10 } as const;

/** Why a rate is beyond the service; null = it isn't. */
const saturatedBy = (step: LoadStep, lowest: LoadStep): string | null => {
  const answered = step.requests === 0 ? 1 : 1 - step.errors / step.requests;
  if (
    step.repliesPerSecond < saturation.repliesLeast * step.requestsPerSecond ||
    answered < saturation.repliesLeast
  )
    return `less than ${saturation.repliesLeast * 100} % of the requests are answered`;
  if (step.p95Ms !== null && lowest.p95Ms !== null && step.p95Ms > saturation.p95Factor * lowest.p95Ms)
    return `p95 is more than ${saturation.p95Factor} times that of the lowest rate`;
  return null;
};

/** The first rate that is too much for the service, by steps whose figures are good; null = it kept up with all. */
export const saturationOf = (steps: readonly LoadStep[]): { rate: number; why: string } | null => {
  const good = steps.filter(({ doubt }) => doubt === null);
  const [lowest] = good;
  for (const step of good) {
    const why = lowest === undefined ? null : saturatedBy(step, lowest);
    if (why !== null) return { rate: step.rate, why };
  }
  return null;
};

/**
 * Brings up a scenario's testbed, calibrates its link, boots its guest, and sends it requests at one rate after the other.
 * Nothing is migrated.
 * @param onStep gets every rate as soon as it is measured
 * @throws LivemigError what kept the service from being loaded
 */
export const sweepLoad = async (
  scenario: Scenario,
  { ratesPerSecond, durationMs }: LoadSweepPlan,
  options: Omit<BootedGuestOptions, 'testbeds'> & { onStep?: (step: LoadStep) => void } = {},
): Promise<LoadStep[]> => {
  const { load } = scenario;
  if (load === undefined) throw new LivemigError('INTERNAL', 'expected a scenario with a load');
  return withBootedGuest(scenario, options, async (run) => {
    await pass(run, scenario.warmupMs);
    const steps: LoadStep[] = [];
    for (const rate of ratesPerSecond) {
      run.enter('warm-up', `${rate} requests/s for ${durationMs / 1000} s`);
      const asked: LoadConfig = { ...load, rate };
      await beginLoad(run, asked);
      await pass(run, settleMs);
      const fromMs = run.clock.nowMs();
      await pass(run, durationMs);
      const untilMs = run.clock.nowMs();
      const samples = await endLoad(run, asked);
      const lateP99Ms = latenessOf(samples);
      const check = checkLoad({ rate, lateP99Ms });
      const step: LoadStep = {
        rate,
        lateP99Ms,
        doubt: check.verdict === 'disagree' ? disagreementOf(check) : null,
        ...spanOf(samples, { fromMs, untilMs }),
      };
      steps.push(step);
      options.onStep?.(step);
    }
    return steps;
  });
};
