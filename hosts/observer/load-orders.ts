import type { ControlHandlers } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { Orders } from '../orders.ts';
import type { OrderTable } from '../orders.ts';
import type { Load, startLoad } from './load.ts';

type Phase = 'idle' | 'loading' | 'closed';
type Order = 'startLoad' | 'stopLoad';

const loadOrders: OrderTable<Phase, Order> = {
  phases: {
    idle: 'no load under way',
    loading: 'a load under way (startLoad)',
    closed: 'nothing, as it is closing',
  },
  orders: { startLoad: ['idle'], stopLoad: ['loading'] },
};

/** The observer's methods that send requests to the guest's service, one load at a time. */
export const loadMethods = (
  start: typeof startLoad,
): {
  handlers: Required<Pick<ControlHandlers, 'startLoad' | 'stopLoad'>>;
  close: () => Promise<void>;
} => {
  const orders = new Orders<Phase, Order>('the observer', loadOrders, 'idle');
  let load: Load | undefined;
  return {
    handlers: {
      startLoad: (order) =>
        orders.exclusively('startLoad', async () => {
          const started = await start(order);
          if (orders.phase === 'closed') {
            await started.end();
            throw new LivemigError('CANCELLED', 'the observer closes');
          }
          load = started;
          orders.phase = 'loading';
          return {};
        }),
      stopLoad: () =>
        orders.exclusively('stopLoad', async () => {
          if (load === undefined) throw new LivemigError('INTERNAL', 'expected a load under way');
          const ending = load;
          try {
            const { samples, full } = await ending.stop();
            return { result: { full }, blob: samples };
          } finally {
            load = undefined;
            if (orders.phase === 'loading') orders.phase = 'idle';
          }
        }),
    },
    close: async () => {
      orders.phase = 'closed';
      await load?.end();
      await orders.idle();
    },
  };
};
