import type { TransferStrategy } from '../ports.ts';
import { switchToPostcopy } from './switchover.ts';

/** Post-copy: move the running guest first, its memory after it. */
export const postCopy: TransferStrategy = {
  name: 'post-copy',
  migrate: async (session, signal) => {
    await session.destination.prime();
    await switchToPostcopy(session, session.memory.sync(), null, signal);
  },
};
