import { LivemigError } from '#proto/errors';
import type { StorageAddress, StorageReport } from '#proto/storage';
import type { Run, RunGuest } from './context.ts';
import type { WatchedClient } from './clients.ts';
import { memoryPassTimeoutMs } from './memory-pass.ts';
import { needsStorage } from './needs-storage.ts';

const storageOf = ({ clients, topology }: Run): { client: WatchedClient; address: string } => {
  if (clients.storage === undefined || topology.storage === undefined)
    throw new LivemigError('INTERNAL', 'expected the testbed to have a storage host');
  return { client: clients.storage, address: topology.storage.address };
};

/** Of one guest in one run: a kept storage host has those of one run after another. */
const diskIdOf = ({ record }: Run, { id }: RunGuest): string => `${record.runId}-${id}`.slice(-64);

/** Makes the guest's disk on the storage host. @returns where; null: it has none there */
export const createDisk = async (run: Run, guest: RunGuest): Promise<StorageAddress | null> => {
  const { scenario, fencing } = run;
  const { disk, seed } = guest.config;
  if (disk === undefined || !needsStorage(scenario)) return null;
  const { client, address } = storageOf(run);
  const diskId = diskIdOf(run, guest);
  const { sizeBytes, allocatedBytes } = disk;
  const { port } = await client.call(
    'createDisk',
    { address, diskId, sizeBytes, allocatedBytes, seed, fencing },
    { timeoutMs: memoryPassTimeoutMs(scenario) },
  );
  return { target: `${address}:${port}`, diskId };
};

/** What the storage host has seen of the guest's disk; null: it has none there. */
export const storageReport = async (run: Run, guest: RunGuest): Promise<StorageReport | null> =>
  needsStorage(run.scenario)
    ? await storageOf(run).client.call('storageReport', { diskId: diskIdOf(run, guest) })
    : null;

/** Before the testbed is lent to another run. */
export const dropDisks = async (run: Run): Promise<void> => {
  if (!needsStorage(run.scenario)) return;
  for (const guest of run.guests)
    await storageOf(run).client.call('dropDisk', { diskId: diskIdOf(run, guest) });
};
