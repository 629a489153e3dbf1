import type { TransferStrategy } from '../ports.ts';
import { stopAndSendRest } from './switchover.ts';

/** The non-live baseline: stop the guest, send everything, resume it. */
export const stopAndCopy: TransferStrategy = {
  name: 'stop-and-copy',
  migrate: (session, signal) => stopAndSendRest(session, session.memory.noPages(), signal),
};
