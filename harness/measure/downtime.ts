import type { DestinationTimeline, SourceTimeline } from '#proto/control';
import type { Downtime } from '../result.ts';

const between = (low: number, value: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * Splits the downtime at the moments that both hosts noted. A moment that a strategy doesn't have or notes only later
 * takes no time (post-copy's "pages" are the last bitmap sync and the discards); "sent" can't be later than "arrived", whatever a socket's
 * callback says. So the parts always sum to the downtime. A shared disk's lease takes time at both ends. The wait for `continue` in pre-switchover comes first: it is
 * somebody's decision, not the migration's work.
 */
export const splitDowntime = (
  source: SourceTimeline,
  destination: DestinationTimeline,
  lastInstructionAtMs: number,
  firstInstructionAtMs: number,
): Downtime => {
  const begin = lastInstructionAtMs;
  const end = Math.max(begin, firstInstructionAtMs);
  const loadedAtMs = between(begin, destination.deviceStateLoadedAtMs ?? end, end);
  const receivedAtMs = between(begin, destination.deviceStateReceivedAtMs ?? loadedAtMs, loadedAtMs);
  const stateSentAtMs = between(begin, source.deviceStateSentAtMs ?? receivedAtMs, receivedAtMs);
  const drainedAtMs = between(begin, source.drainedAtMs ?? begin, stateSentAtMs);
  const continuedAtMs = between(drainedAtMs, source.continuedAtMs ?? drainedAtMs, stateSentAtMs);
  const releasedAtMs = between(continuedAtMs, source.releasedAtMs ?? continuedAtMs, stateSentAtMs);
  const pages = source.pagesSentAtMs;
  const pagesSentAtMs =
    pages === null || pages > receivedAtMs ? releasedAtMs : between(releasedAtMs, pages, stateSentAtMs);
  const leasedAtMs = between(loadedAtMs, destination.leasedAtMs ?? loadedAtMs, end);
  const leaseAskedAtMs = between(loadedAtMs, destination.leaseAskedAtMs ?? leasedAtMs, leasedAtMs);
  const activationMs = leasedAtMs - leaseAskedAtMs;
  return {
    pauseMs: Math.max(0, begin - (source.pauseRequestedAtMs ?? begin)),
    ...(source.drainedAtMs === undefined ? {} : { drainMs: drainedAtMs - begin }),
    preSwitchoverMs: continuedAtMs - drainedAtMs,
    ...(source.releasedAtMs === undefined && destination.leasedAtMs === undefined
      ? {}
      : { leaseMs: releasedAtMs - continuedAtMs + activationMs }),
    finalPagesMs: pagesSentAtMs - releasedAtMs,
    deviceStateMs: stateSentAtMs - pagesSentAtMs,
    propagationMs: receivedAtMs - stateSentAtMs,
    loadMs: loadedAtMs - receivedAtMs,
    resumeMs: end - loadedAtMs - activationMs,
  };
};
