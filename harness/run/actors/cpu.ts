import type { CpuUsage, HostRole } from '#proto/control';
import { codeOf, LivemigError } from '#proto/errors';
import type { CpuEvidence } from '#harness/measure/measure';
import type { RunActor } from '../actor.ts';
import type { Clients } from '../clients.ts';
import { ofEachHost } from '../clients.ts';

/** null: hosts of this kind can't know it. */
const cpuOf = (clients: Clients): Promise<Record<HostRole, CpuUsage | null>> =>
  ofEachHost((role) =>
    clients[role].call('cpu', {}).catch((error: unknown) => {
      if (codeOf(error) === 'UNSUPPORTED') return null;
      throw error;
    }),
  );

/** What the migration costs every host in CPU time, and its agent's memory. */
export const cpu = () => {
  let before: CpuEvidence['before'] | null = null;
  let after: CpuEvidence['after'] | null = null;
  return {
    from: 'migrate',
    until: 'migrate',
    start: async ({ clients }) => {
      before = await cpuOf(clients);
    },
    stop: async ({ clients }, how) => {
      if (how === 'done') after = await cpuOf(clients);
    },
    collect: async (): Promise<CpuEvidence> => {
      if (before === null || after === null)
        throw new LivemigError('INTERNAL', 'expected CPU times from before the migration and after it');
      return { before, after };
    },
  } satisfies RunActor;
};
