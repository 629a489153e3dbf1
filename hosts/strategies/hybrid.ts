import type { TransferStrategy } from '../ports.ts';
import { sendAll, switchToPostcopy } from './switchover.ts';

/** Hybrid: n rounds of pre-copy, then post-copy of what was dirtied meanwhile. It converges whatever the dirty rate. */
export const hybrid: TransferStrategy = {
  name: 'hybrid',
  migrate: async (session, signal) => {
    const { memory, limits } = session;
    let pending = memory.sync();
    // Without a round of pages nothing else opens the congestion window.
    if (limits.hybridRounds === 0) await session.destination.prime();
    for (let round = 1; round <= limits.hybridRounds; round++) {
      await sendAll(session, pending, signal);
      await session.pages.barrier();
      pending = memory.sync();
      session.roundEnded(pending.count);
    }
    const stale = limits.hybridRounds > 0 ? memory.noPages() : null;
    stale?.addAll(pending);
    await switchToPostcopy(session, pending, stale, signal);
  },
};
