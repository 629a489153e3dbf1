import { LivemigError } from '#proto/errors';
import type { MigrationSession } from '#hosts/ports';

/** QEMU re-estimates the bandwidth at most this often (migration.c BUFFER_DELAY). */
export const bandwidthIntervalMs = 100;

/**
 * QEMU's minimum time between two bitmap syncs (savevm's MAX_WAIT): syncing as soon as the rest fits would find newly
 * dirtied pages and stay slightly above the limit forever.
 */
export const syncIntervalMs = 50;

/** What the limit covers besides pages. */
export type Switchover = Pick<MigrationSession, 'limits'> & {
  guest: Pick<MigrationSession['guest'], 'deviceStateBytes'>;
};

/** Whether the device state can be sent within the downtime limit at all. */
const stateFitsDowntime = (bytesPerMs: number, { limits, guest }: Switchover): boolean =>
  guest.deviceStateBytes <= bytesPerMs * limits.downtimeLimitMs;

/**
 * QEMU's rule: switch over when what is pending can be sent within the downtime limit. The device state is pending,
 * too, as in QEMU for devices with a large one (VFIO's stop-copy size). If it alone doesn't fit, the limit can't be
 * kept, and waiting would never end. Then only the pages have to fit, as in QEMU for a guest without such devices, and
 * the result says by how much the limit was exceeded.
 * @param pendingBytes of pages.
 * @param bytesPerMs measured bandwidth; 0 = not known yet: then only zero pages fit.
 */
export const fitsDowntime = (pendingBytes: number, bytesPerMs: number, switchover: Switchover): boolean => {
  const stateBytes = stateFitsDowntime(bytesPerMs, switchover) ? switchover.guest.deviceStateBytes : 0;
  return pendingBytes + stateBytes <= bytesPerMs * switchover.limits.downtimeLimitMs;
};

/**
 * @param why what would have ended pre-copy.
 * @throws LivemigError NOT_CONVERGED when pre-copy exceeds a limit.
 */
export const checkBounds = (
  round: number,
  elapsedMs: number,
  pendingBytes: number,
  { limits, guest }: Switchover,
  why = `never fitted the downtime limit of ${limits.downtimeLimitMs} ms`,
): void => {
  const reached =
    round >= limits.maxRounds
      ? `${limits.maxRounds} rounds`
      : elapsedMs >= limits.maxPrecopyMs
        ? `${limits.maxPrecopyMs} ms of pre-copy`
        : null;
  if (reached === null) return;
  const state =
    guest.deviceStateBytes > 0 ? ` and ${Math.round(guest.deviceStateBytes / 1024)} KiB of device state` : '';
  // The user's own cap is the first suspect.
  const cap =
    limits.maxBandwidthMbps > 0
      ? `Raise or drop max-bandwidth (${limits.maxBandwidthMbps} Mb/s, whatever the link has), raise`
      : 'Raise';
  throw new LivemigError(
    'NOT_CONVERGED',
    `pre-copy did not converge within ${reached}: ${Math.round(pendingBytes / 1024)} KiB pending${state} ${why}; the guest keeps running ` +
      `at the source. ${cap} the downtime limit, lower the dirty rate, or use hybrid`,
  );
};
