import type { VerifyReport } from '../../proto/control.ts';
import type { Guest } from './guest.ts';

const reportedMismatches = 16;
const chunkPages = 8192;

/**
 * Compares every page of a stopped guest with what it must be: the version that the guest last wrote here, or, for a
 * page that it never touched here, the source's ledger. A page whose first read here saw another version than the
 * ledger's was stale, even if it has been overwritten since.
 * @param ledger the source's, version + 1 by page as little-endian 32-bit words, 0 = never written.
 */
export const verifyMemory = async (guest: Guest, ledger: Buffer): Promise<VerifyReport> => {
  const { memory } = guest;
  let mismatches = 0;
  let { staleReads } = guest;
  const firstMismatches: number[] = [];
  for (let page = 0; page < memory.pageCount; page++) {
    if (page % chunkPages === 0) await new Promise(setImmediate);
    const ledgerVersion = Math.max(0, ledger.readUInt32LE(page * 4) - 1);
    const known = memory.knownVersion(page);
    const met = memory.firstVersion(page);
    if (met !== -1 && met !== ledgerVersion) staleReads++;
    if (memory.readVersion(page) === (known === -1 ? ledgerVersion : known)) continue;
    mismatches++;
    if (firstMismatches.length < reportedMismatches) firstMismatches.push(page);
  }
  return { pagesCompared: memory.pageCount, mismatches, staleReads, firstMismatches };
};
