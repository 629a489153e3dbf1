import { LivemigError } from '../../proto/errors.ts';
import type { Limits } from '../../proto/strategy.ts';

/** QEMU re-estimates the bandwidth at most this often (migration.c BUFFER_DELAY). */
export const bandwidthIntervalMs = 100;

/**
 * QEMU sends for so long between two bitmap syncs (savevm's MAX_WAIT): syncing as soon as the rest fits would find the
 * pages dirtied in the meantime and be a little above the limit for ever.
 */
export const syncIntervalMs = 50;

/**
 * QEMU's rule: switch over when what is pending can be sent within the downtime limit.
 * @param bytesPerMs measured bandwidth; 0 = not known yet, then only nothing at all fits.
 */
export const fitsDowntime = (pendingBytes: number, bytesPerMs: number, limits: Limits): boolean =>
  pendingBytes <= bytesPerMs * limits.downtimeLimitMs;

/** Xen's legacy rule (xc_domain_save.c), as Akoush et al. 2010 model it. */
export const xenRule = { maxIterations: 29, fewPages: 50, maxFactor: 3 } as const;

/** Whether Xen suspends after an iteration. `pagesTaken` counts the pages that were skipped too. */
export const xenSuspends = (
  iteration: number,
  pagesTaken: number,
  sentPages: number,
  pageCount: number,
): boolean =>
  iteration >= xenRule.maxIterations ||
  pagesTaken < xenRule.fewPages ||
  sentPages > xenRule.maxFactor * pageCount;

/** @throws LivemigError NOT_CONVERGED when a bound of pre-copy is passed. */
export const checkBounds = (round: number, elapsedMs: number, pendingBytes: number, limits: Limits): void => {
  const reached =
    round >= limits.maxRounds
      ? `${limits.maxRounds} rounds`
      : elapsedMs >= limits.maxPrecopyMs
        ? `${limits.maxPrecopyMs} ms of pre-copy`
        : null;
  if (reached === null) return;
  const { convergence, downtimeLimitMs } = limits;
  const why =
    convergence === 'qemu'
      ? `never fitted the downtime limit of ${downtimeLimitMs} ms`
      : `never ended it by the rule ${convergence}`;
  throw new LivemigError(
    'NOT_CONVERGED',
    `pre-copy did not converge within ${reached}: ${Math.round(pendingBytes / 1024)} KiB pending ${why}; the guest runs on ` +
      'at the source. Raise the downtime limit, lower the dirty rate, or use hybrid',
  );
};
