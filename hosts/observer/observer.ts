import { EMPTY } from 'rxjs';
import { LivemigError } from '#proto/errors';
import { encodePingSamples } from '#proto/pings';
import { Orders } from '../orders.ts';
import type { OrderTable } from '../orders.ts';
import type { Role } from '../role.ts';
import { loadMethods } from './load-orders.ts';
import { startLoad } from './load.ts';
import type { Pinger } from './pinger.ts';
import { startPinger } from './pinger.ts';

type Phase = 'idle' | 'pinging' | 'closed';
type Order = 'startPings' | 'stopPings';

const pingOrders: OrderTable<Phase, Order> = {
  phases: {
    idle: 'no pings under way',
    pinging: 'pings under way (startPings)',
    closed: 'nothing, as it is closing',
  },
  orders: { startPings: ['idle'], stopPings: ['pinging'] },
};

/**
 * The view from outside: pings the guest's own address, wherever the router says it lives, and sends requests to its service.
 */
export const createObserver = (
  start: typeof startPinger = startPinger,
  load: typeof startLoad = startLoad,
): Role => {
  const loads = loadMethods(load);
  const orders = new Orders<Phase, Order>('the observer', pingOrders, 'idle');
  let pinger: Pinger | undefined;
  return {
    events: EMPTY,
    handlers: {
      ...loads.handlers,
      startPings: ({ guestAddress, port, intervalMs }) =>
        orders.exclusively('startPings', async () => {
          const started = await start(guestAddress, port, intervalMs);
          if (orders.phase === 'closed') {
            await started.stop(0);
            throw new LivemigError('CANCELLED', 'the observer closes');
          }
          pinger = started;
          orders.phase = 'pinging';
          return {};
        }),
      stopPings: ({ settleMs }) =>
        orders.exclusively('stopPings', async () => {
          if (pinger === undefined) throw new LivemigError('INTERNAL', 'expected pings under way');
          const { recorder } = pinger;
          await pinger.stop(settleMs);
          pinger = undefined;
          if (orders.phase === 'pinging') orders.phase = 'idle';
          return {
            result: { sent: recorder.sent, received: recorder.received, full: recorder.full },
            blob: encodePingSamples(recorder.samples()),
          };
        }),
    },
    close: async () => {
      orders.phase = 'closed';
      await Promise.all([pinger?.stop(0), loads.close()]);
      await orders.idle();
    },
  };
};
