import { isSharedDisk } from '#catalogue/disk-storages';
import { gibibyte, mebibyte, pageSizeBytes } from '#proto/units';
import { formatBytes } from '../format.ts';
import type { Scenario } from '../scenario.ts';
import type { Labels } from './document.ts';
import type { Block } from './plan.ts';
import { keyOf } from './plan.ts';

/** Source and destination, each with its own copy of the guest. */
const hosts = 2;
/** An agent's memory besides its guest's pages: 184 MiB measured, and as much again for data in flight. */
const agentBytes = 384 * mebibyte;
/** Router, observer, harness, and a reserve for the machine itself. */
const restBytes = gibibyte;
/** Ledger, first versions and bitmaps of a page (hosts/guest/shared.ts). */
const bookkeepingBytes = 9;

/** Memory of a run; a guest's zero pages cost next to nothing. */
export const neededBytes = ({ guest, workload }: Pick<Scenario, 'guest' | 'workload'>): number =>
  hosts *
    (guest.baseFootprintBytes +
      workload.regionBytes +
      agentBytes +
      (guest.ramBytes / pageSizeBytes) * bookkeepingBytes) +
  // In a container it is memory, too; one that stays is there once.
  (isSharedDisk(guest.disk) ? 1 : hosts) * (guest.disk?.allocatedBytes ?? 0) +
  restBytes;

/**
 * Why a run would exhaust the machine's memory; null if it fits.
 * @param availableBytes available without swapping.
 */
export const memoryProblem = (
  scenario: Pick<Scenario, 'guest' | 'workload'>,
  availableBytes: number,
): string | null => {
  const needed = neededBytes(scenario);
  if (needed <= availableBytes) return null;
  const touched = scenario.guest.baseFootprintBytes + scenario.workload.regionBytes;
  return (
    `the guest touches ${formatBytes(touched)}, at source and destination; with everything else that takes ` +
    `${formatBytes(needed)}, and this machine has ${formatBytes(availableBytes)} free`
  );
};

/** A cell that needs more memory than this machine has. */
export interface RefusedCell {
  part: string;
  labels: Labels;
  reason: string;
}

/** The cells of a plan that would end as `unsupported`; for a search, its largest guest. */
export const refusedCells = (blocks: readonly Block[], availableBytes: number): RefusedCell[] => {
  const refused = blocks.flatMap((block) => {
    const trials =
      block.kind === 'trials' ? block.trials : [block.search.trialAt(block.search.search.bisect.high)];
    return trials.flatMap(({ part, labels, scenario }) => {
      const reason = memoryProblem(scenario, availableBytes);
      return reason === null ? [] : [{ part, labels, reason }];
    });
  });
  return [...new Map(refused.map((cell) => [keyOf(cell.part, cell.labels), cell])).values()];
};
