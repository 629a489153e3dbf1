import { EMPTY } from 'rxjs';
import { LivemigError } from '../../proto/errors.ts';
import { encodePingSamples } from '../../proto/pings.ts';
import type { Role } from '../role.ts';
import type { Pinger } from './pinger.ts';
import { startPinger } from './pinger.ts';

/** Answers still under way after the last ping: longer than any profile's RTT and queue. */
const settleMs = 250;

/** The view from outside: pings the guest's own address, wherever the router says it lives. */
export const createObserver = (): Role => {
  let pinger: Pinger | undefined;
  return {
    events: EMPTY,
    handlers: {
      startPings: async ({ guestAddress, port, intervalMs }) => {
        if (pinger !== undefined)
          throw new LivemigError('ILLEGAL_PHASE', 'pings run already; call stopPings first');
        pinger = await startPinger(guestAddress, port, intervalMs);
        return {};
      },
      stopPings: async () => {
        if (pinger === undefined)
          throw new LivemigError('ILLEGAL_PHASE', 'no pings run; call startPings first');
        const { recorder } = pinger;
        await pinger.stop(settleMs);
        pinger = undefined;
        return {
          result: { sent: recorder.sent, received: recorder.received, full: recorder.full },
          blob: encodePingSamples(recorder.samples()),
        };
      },
    },
    close: async () => {
      await pinger?.stop(0);
    },
  };
};
