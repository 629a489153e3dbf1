import type { VerifyReport } from '#proto/control';
import { versionBits } from '#proto/ledger';
import { diskRegion } from '#proto/migration-bounds';
import type { Machine } from '../machine.ts';
import type { Compared } from '../region.ts';

const reportedMismatches = 16;
const chunkUnits = 8192;

type Verified = Pick<Machine, 'regions' | 'leasedDisk'>;

/** RAM first. */
const comparedOf = ({ regions, leasedDisk }: Verified): readonly Compared[] =>
  leasedDisk === null ? regions : [...regions, leasedDisk];

/** Pages, and sectors of a disk. */
export const unitsOf = (machine: Verified): number =>
  comparedOf(machine).reduce((sum, { ledger }) => sum + ledger.length, 0);

/** What only the source knows: the newest version of every page, then of every sector of a disk. */
export const ledgerOf = (machine: Verified): Buffer =>
  Buffer.concat(
    comparedOf(machine).map(({ ledger }) => Buffer.from(ledger.buffer, ledger.byteOffset, ledger.byteLength)),
  );

interface Found {
  compared: number;
  mismatches: number;
  staleReads: number;
  firstMismatches: number[];
}

/** The versions that a run of units holds now. */
type ReadVersions = (first: number, count: number) => Promise<ArrayLike<number>>;

const compare = async (of: Compared, readVersions: ReadVersions, source: Buffer): Promise<Found> => {
  const compared = of.ledger.length;
  const found: Found = { compared, mismatches: 0, staleReads: of.staleReads, firstMismatches: [] };
  for (let first = 0; first < compared; first += chunkUnits) {
    const count = Math.min(chunkUnits, compared - first);
    const versions = await readVersions(first, count);
    for (let unit = first; unit < first + count; unit++) {
      const sourceWord = source.readUInt32LE(unit * 4);
      const here = of.ledger[unit] ?? 0;
      const met = of.firstVersion(unit);
      if (met !== -1 && !versionBits.allows(sourceWord, met)) found.staleReads++;
      if (versionBits.allows(here === 0 ? sourceWord : here, versions[unit - first] ?? -1)) continue;
      found.mismatches++;
      if (found.firstMismatches.length < reportedMismatches) found.firstMismatches.push(unit);
    }
  }
  return found;
};

/**
 * Compares every page and every sector of a stopped guest with what it must be: the version that the guest last wrote
 * here, or the source's ledger if it never touched it here. One whose first read here saw another version than the
 * ledger's was stale, even if it has been overwritten since.
 * @param ledger the source's, version + 1 as little-endian 32-bit words, 0 = never written.
 */
export const verifyMemory = async (machine: Verified, ledger: Buffer): Promise<VerifyReport> => {
  let at = 0;
  const ofSource = ({ ledger: { byteLength } }: Compared): Buffer => ledger.subarray(at, (at += byteLength));
  const found = new Map<number, Found>();
  for (const region of machine.regions) {
    const readVersions: ReadVersions = async (first, count) => {
      await new Promise(setImmediate);
      return Int32Array.from({ length: count }, (_, index) => region.readVersion(first + index));
    };
    found.set(region.id, await compare(region, readVersions, ofSource(region)));
  }
  const { leasedDisk } = machine;
  if (leasedDisk !== null) {
    const readVersions: ReadVersions = (first, count) => leasedDisk.readVersions(first, count);
    found.set(diskRegion, await compare(leasedDisk, readVersions, ofSource(leasedDisk)));
  }
  const { compared: pagesCompared, ...ram } = found.get(machine.regions[0]!.id)!;
  const disk = found.get(diskRegion);
  if (disk === undefined) return { pagesCompared, ...ram };
  const { compared: sectorsCompared, ...ofDisk } = disk;
  const io = leasedDisk === null ? {} : { diskIo: leasedDisk.report };
  return { pagesCompared, ...ram, disk: { sectorsCompared, ...ofDisk }, ...io };
};
