import { LivemigError } from '../../proto/errors.ts';
import type { MigrationSession } from '../ports.ts';

/** QEMU re-estimates the bandwidth at most this often (migration.c BUFFER_DELAY). */
export const bandwidthIntervalMs = 100;

/**
 * QEMU sends for so long between two bitmap syncs (savevm's MAX_WAIT): syncing as soon as the rest fits would find the
 * pages dirtied in the meantime and be a little above the limit for ever.
 */
export const syncIntervalMs = 50;

/** What the limit is held against besides pages. */
export type Switchover = Pick<MigrationSession, 'limits'> & {
  guest: Pick<MigrationSession['guest'], 'deviceStateBytes'>;
};

/** Whether the device state can be sent within the downtime limit at all. */
const stateFitsDowntime = (bytesPerMs: number, { limits, guest }: Switchover): boolean =>
  guest.deviceStateBytes <= bytesPerMs * limits.downtimeLimitMs;

/**
 * QEMU's rule: switch over when what is pending can be sent within the downtime limit. The device state is pending, too,
 * as QEMU has it for devices with a large one (VFIO's stop-copy size). Where it alone doesn't fit, there is no number of
 * pages at which the limit is kept, and waiting for one would never end: then the pages alone are to fit, QEMU's rule for
 * a guest without such devices, and the result tells by how much the limit is exceeded.
 * @param pendingBytes of pages.
 * @param bytesPerMs measured bandwidth; 0 = not known yet, then only no page at all fits.
 */
export const fitsDowntime = (pendingBytes: number, bytesPerMs: number, switchover: Switchover): boolean => {
  const stateBytes = stateFitsDowntime(bytesPerMs, switchover) ? switchover.guest.deviceStateBytes : 0;
  return pendingBytes + stateBytes <= bytesPerMs * switchover.limits.downtimeLimitMs;
};

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
export const checkBounds = (
  round: number,
  elapsedMs: number,
  pendingBytes: number,
  { limits, guest }: Switchover,
): void => {
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
  const state =
    guest.deviceStateBytes > 0 ? ` and ${Math.round(guest.deviceStateBytes / 1024)} KiB of device state` : '';
  // A cap of the user's own is the first thing in the way.
  const cap =
    limits.maxBandwidthMbps > 0
      ? `Raise or drop max-bandwidth (${limits.maxBandwidthMbps} Mb/s, whatever the link has), raise`
      : 'Raise';
  throw new LivemigError(
    'NOT_CONVERGED',
    `pre-copy did not converge within ${reached}: ${Math.round(pendingBytes / 1024)} KiB pending${state} ${why}; the guest runs on ` +
      `at the source. ${cap} the downtime limit, lower the dirty rate, or use hybrid`,
  );
};
