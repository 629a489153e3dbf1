import type { DestinationReport, SourceReport } from '../../proto/control.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import { integrityOf } from '../measure/integrity.ts';
import type { Integrity } from '../result.ts';
import type { Clients } from './clients.ts';
import { memoryPassTimeoutMs } from './migration.ts';
import type { RunnableScenario } from './record.ts';

export interface Verified {
  integrity: Integrity;
  /** Pages that the guest ever wrote. */
  touchedPages: number;
}

/** The ledger's versions: 0 is a page never written. */
const countTouched = (ledger: Buffer): number => {
  let touched = 0;
  for (let offset = 0; offset < ledger.length; offset += 4)
    if (ledger.readUInt32LE(offset) !== 0) touched += 1;
  return touched;
};

export const pageCountOf = (scenario: RunnableScenario): number => scenario.guest.ramBytes / pageSizeBytes;

/**
 * Stops the guest and compares its memory with what it last wrote.
 * @param reports of a migration, as far as there are any
 * @param host where the guest ended up: the source, if its migration failed or never began.
 */
export const verifyGuest = async (
  clients: Clients,
  scenario: RunnableScenario,
  { source, destination }: { source: SourceReport | null; destination: DestinationReport | null },
  host: 'source' | 'destination',
): Promise<Verified> => {
  const timeoutMs = memoryPassTimeoutMs(scenario);
  if (host === 'source' || source?.guestRunningAtEnd === true) await clients.source.call('stopGuest', {});
  if (host === 'destination') await clients.destination.call('stopGuest', {});
  const { blob: ledger } = await clients.source.callWithBlob('ledger', {}, { timeoutMs });
  const verified = await clients[host].call('verify', {}, { timeoutMs, blob: ledger });
  return { integrity: integrityOf(source, destination, verified, host), touchedPages: countTouched(ledger) };
};
