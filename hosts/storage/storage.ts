import { EMPTY } from 'rxjs';
import { storagePort } from '#proto/storage';
import { Orders } from '../orders.ts';
import type { OrderTable } from '../orders.ts';
import type { Role } from '../role.ts';
import { StorageServer } from './storage-server.ts';

type Phase = 'idle' | 'serving' | 'closed';
type Order = 'createDisk' | 'dropDisk' | 'storageReport';

const storageOrders: OrderTable<Phase, Order> = {
  phases: {
    idle: 'no disk so far (createDisk)',
    serving: 'an address that it serves',
    closed: 'nothing, as it is closing',
  },
  orders: { createDisk: ['idle', 'serving'], dropDisk: ['serving'], storageReport: ['serving'] },
};

/** The host of disks that stay where they are when their guest moves. */
export const createStorage = (): Role => {
  const orders = new Orders<Phase, Order>('the storage', storageOrders, 'idle');
  const server = new StorageServer();
  /** The address and port it listens on, from the first disk on. */
  let served: { address: string; port: number } | null = null;
  const listenOn = async (address: string): Promise<number> => {
    if (served?.address === address) return served.port;
    served = { address, port: await server.listen(address, storagePort) };
    return served.port;
  };
  return {
    events: EMPTY,
    handlers: {
      createDisk: ({ address, ...disk }) =>
        orders.exclusively('createDisk', async () => {
          const port = await listenOn(address);
          await server.createDisk(disk);
          if (orders.phase === 'idle') orders.phase = 'serving';
          return { port };
        }),
      dropDisk: async ({ diskId }) => {
        orders.demand('dropDisk');
        server.dropDisk(diskId);
        return {};
      },
      storageReport: async ({ diskId }) => {
        orders.demand('storageReport');
        return server.report(diskId);
      },
    },
    close: async () => {
      orders.phase = 'closed';
      server.close();
      await orders.idle();
    },
  };
};
