import type { DestinationReport, DiskIoReport, SourceReport, VerifyReport } from '#proto/control';
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

/** How long the source wrote to a shared disk after the destination had begun to: of writes that were acknowledged. */
const writersAtOnceMs = (source: DiskIoReport | null, destination: DiskIoReport): number => {
  const last = source?.lastWriteAtMs ?? null;
  const first = destination.firstWriteAtMs;
  return last === null || first === null ? 0 : Math.max(0, last - first);
};

/** Of a shared disk, both hosts' guests say what they met: the one at the source may have gone on. */
const diskOf = ({ disk, diskIo }: VerifyReport, sourceIo: DiskIoReport | null): Pick<Integrity, 'disk'> => {
  if (disk === undefined) return {};
  if (diskIo === undefined) return { disk };
  return {
    disk: {
      ...disk,
      staleReads: disk.staleReads + (sourceIo?.staleReads ?? 0),
      ioErrors: diskIo.ioErrors + (sourceIo?.ioErrors ?? 0),
      writersAtOnceMs: writersAtOnceMs(sourceIo, diskIo),
    },
  };
};

/**
 * @param host where the guest ended up and its memory was compared.
 * @param sourceIo what the guest at the source met at its shared disk, if that is another than was compared
 */
export const integrityOf = (
  source: SourceReport | null,
  destination: DestinationReport | null,
  verified: VerifyReport,
  host: 'source' | 'destination',
  sourceIo: DiskIoReport | null = null,
): Integrity => ({
  pagesCompared: verified.pagesCompared,
  mismatches: verified.mismatches,
  firstMismatches: verified.firstMismatches,
  staleReads: verified.staleReads,
  ...diskOf(verified, sourceIo),
  duplicateArrivals: destination?.duplicateArrivals ?? 0,
  liveOnBothHostsMs: liveOnBothHostsMs(source, destination),
  host,
});

/** What of a guest is compared. */
export interface GuestSize {
  pages: number;
  /** Of its disk; 0 = it has none. */
  sectors: number;
}

const diskViolations = ({ disk }: Integrity, sectors: number): [boolean, string][] => {
  const { sectorsCompared = 0, mismatches = 0, staleReads = 0, firstMismatches = [] } = disk ?? {};
  const bothMs = disk?.writersAtOnceMs ?? 0;
  return [
    [sectorsCompared !== sectors, `${sectorsCompared} of ${sectors} sectors of the disk were compared`],
    [
      mismatches > 0,
      `${mismatches} sectors of the disk differ from what the guest last wrote: ${firstMismatches.join(', ')}`,
    ],
    [staleReads > 0, `the guest read ${staleReads} stale sectors of the disk`],
    [bothMs > 0, `both hosts wrote to the disk for ${bothMs.toFixed(3)} ms`],
  ];
};

/**
 * What is wrong with the guest, one line each; empty where nothing is.
 * @param size the guest's: a comparison that left pages or sectors out proves nothing.
 */
export const violationsOf = (integrity: Integrity, size: GuestSize): string[] => {
  const { pagesCompared, mismatches, firstMismatches, staleReads, duplicateArrivals } = integrity;
  const live = integrity.liveOnBothHostsMs ?? 0;
  const problems: [boolean, string][] = [
    [pagesCompared !== size.pages, `${pagesCompared} of ${size.pages} pages were compared`],
    [
      mismatches > 0,
      `${mismatches} pages differ from what the guest last wrote: ${firstMismatches.join(', ')}`,
    ],
    [staleReads > 0, `the guest read ${staleReads} stale pages`],
    ...diskViolations(integrity, size.sectors),
    [duplicateArrivals > 0, `${duplicateArrivals} pages arrived again in post-copy`],
    [live > 0, `the guest ran on both hosts for ${live.toFixed(3)} ms`],
  ];
  return problems.filter(([violated]) => violated).map(([, problem]) => problem);
};
