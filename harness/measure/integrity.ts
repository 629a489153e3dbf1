import type { DestinationReport, SourceReport, VerifyReport } from '../../proto/control.ts';
import type { Integrity } from '../result.ts';

/**
 * How long the guest ran on both hosts. A guest that runs on at the source when its strategy has ended runs to the end.
 * Null where it never ran at the destination.
 */
export const liveOnBothHostsMs = (
  source: SourceReport | null,
  destination: DestinationReport | null,
): number | null => {
  // Of a side that can't say, nothing is claimed.
  if (source === null || destination === null) return null;
  const { firstInstructionAtMs } = destination.timeline;
  if (firstInstructionAtMs === null) return null;
  const { lastInstructionAtMs, endedAtMs } = source.timeline;
  const sourceLiveUntilMs = source.guestRunningAtEnd ? endedAtMs : (lastInstructionAtMs ?? -Infinity);
  return Math.max(0, sourceLiveUntilMs - firstInstructionAtMs);
};

/** @param host where the guest ended up and its memory was compared. */
export const integrityOf = (
  source: SourceReport | null,
  destination: DestinationReport | null,
  verified: VerifyReport,
  host: 'source' | 'destination',
): Integrity => ({
  pagesCompared: verified.pagesCompared,
  mismatches: verified.mismatches,
  firstMismatches: verified.firstMismatches,
  staleReads: verified.staleReads,
  duplicateArrivals: destination?.duplicateArrivals ?? 0,
  liveOnBothHostsMs: liveOnBothHostsMs(source, destination),
  host,
});

/**
 * What is wrong with the guest, one line each; empty where nothing is.
 * @param pageCount the guest's size: a comparison that left pages out proves nothing.
 */
export const violationsOf = (integrity: Integrity, pageCount: number): string[] => {
  const { pagesCompared, mismatches, firstMismatches, staleReads, duplicateArrivals } = integrity;
  const live = integrity.liveOnBothHostsMs ?? 0;
  const problems: [boolean, string][] = [
    [pagesCompared !== pageCount, `${pagesCompared} of ${pageCount} pages were compared`],
    [
      mismatches > 0,
      `${mismatches} pages differ from what the guest last wrote: ${firstMismatches.join(', ')}`,
    ],
    [staleReads > 0, `the guest read ${staleReads} stale pages`],
    [duplicateArrivals > 0, `${duplicateArrivals} pages arrived again in post-copy`],
    [live > 0, `the guest ran on both hosts for ${live.toFixed(3)} ms`],
  ];
  return problems.filter(([violated]) => violated).map(([, problem]) => problem);
};
