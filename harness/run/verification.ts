import { sectorBytes } from '#proto/guest';
import type { StorageReport } from '#proto/storage';
import { pageSizeBytes } from '#proto/units';
import { integrityOf } from '../measure/integrity.ts';
import type { GuestSize } from '../measure/integrity.ts';
import type { DiskIoEvidence } from '../measure/measure.ts';
import type { Integrity } from '../result.ts';
import type { Run, RunGuest } from './context.ts';
import { memoryPassTimeoutMs } from './memory-pass.ts';
import type { RunnableScenario } from './record.ts';
import { storageReport } from './storage.ts';

export interface Verified {
  integrity: Integrity;
  /** Pages that the guest ever wrote. */
  touchedPages: number;
  /** Null of a guest whose disk is not on the storage host. */
  storage: StorageReport | null;
  diskIo: DiskIoEvidence | null;
}

/** The ledger's versions: 0 is a page never written. */
const countTouched = (ledger: Buffer): number => {
  let touched = 0;
  for (let offset = 0; offset < ledger.length; offset += 4)
    if (ledger.readUInt32LE(offset) !== 0) touched += 1;
  return touched;
};

export const sizeOf = ({ guest }: Pick<RunnableScenario, 'guest'>): GuestSize => ({
  pages: guest.ramBytes / pageSizeBytes,
  sectors: (guest.disk?.sizeBytes ?? 0) / sectorBytes,
});

/**
 * Stops the guest and compares its memory with what it last wrote.
 * @param host where the guest ended up: the source, if its migration failed or never began.
 */
export const verifyGuest = async (
  run: Run,
  guest: RunGuest,
  host: 'source' | 'destination',
): Promise<Verified> => {
  const { clients, scenario } = run;
  const { source, destination } = guest.trace;
  const of = { guestId: guest.id };
  const timeoutMs = memoryPassTimeoutMs(scenario);
  // Also where it has left: a broken strategy may have left threads of it at work.
  await clients.source.call('stopGuest', {}, of);
  if (host === 'destination') await clients.destination.call('stopGuest', {}, of);
  const { result: noted, blob: ledger } = await clients.source.callWithBlob(
    'ledger',
    {},
    { ...of, timeoutMs },
  );
  const verified = await clients[host].call('verify', {}, { ...of, timeoutMs, blob: ledger });
  // Pages come first; a disk's sectors follow.
  const pages = ledger.subarray(0, sizeOf(scenario).pages * 4);
  const atSource = host === 'destination' ? (noted.diskIo ?? null) : null;
  return {
    integrity: integrityOf(source, destination, verified, host, atSource),
    touchedPages: countTouched(pages),
    storage: await storageReport(run, guest),
    diskIo:
      atSource === null || verified.diskIo === undefined
        ? null
        : { source: atSource, destination: verified.diskIo },
  };
};
