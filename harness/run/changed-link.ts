import type { LinkProfile } from '#proto/link';
import { lossShareOf, rttMsOf } from '#proto/link';
import { linkWays } from '../link-change.ts';
import type { LinkWay } from '../link-change.ts';
import { expectedGoodputMbps } from '../testbed/tolerance.ts';
import { linkFiguresOf } from './transfer.ts';
import type { LinkFigures } from './transfer.ts';

/**
 * What follows from a link that changes in the middle of a run: nobody measures what it becomes, so its figures are those
 * of the calibrated link, moved by what changes.
 */

type Measured = Pick<LinkFigures, 'goodputMbps' | 'reverseGoodputMbps' | 'rttMs'>;

const segmentBits = 1448 * 8;
/** TCP's throughput under random loss (Mathis et al., 1997): MSS / RTT · 1.22 / √p. */
const underLossMbps = (lossFraction: number, rttMs: number): number =>
  lossFraction <= 0
    ? Infinity
    : (segmentBits * 1.22) / (Math.max(rttMs, 0.1) * 1000 * Math.sqrt(lossFraction));

const leastRttMs = 0.05;

/** @param measured of the calibrated link `profile`. */
export const figuresOver = (changed: LinkProfile, profile: LinkProfile, measured: Measured): LinkFigures => {
  const rttMs = Math.max(leastRttMs, measured.rttMs + rttMsOf(changed) - rttMsOf(profile));
  const goodputOf = (way: LinkWay, measuredMbps: number): number => {
    const lossFraction = lossShareOf(profile[way]);
    // Of what a lossy link carries, its rate says nothing.
    const share = lossFraction > 0 ? 1 : Math.min(1, measuredMbps / expectedGoodputMbps(profile[way]));
    const lossNow = Math.max(...linkWays.map((each) => lossShareOf(changed[each])));
    return Math.min(share * expectedGoodputMbps(changed[way]), underLossMbps(lossNow, rttMs));
  };
  return changed === profile
    ? linkFiguresOf(profile, measured)
    : linkFiguresOf(changed, {
        goodputMbps: goodputOf('sourceToDestination', measured.goodputMbps),
        reverseGoodputMbps: goodputOf('destinationToSource', measured.reverseGoodputMbps),
        rttMs,
      });
};
