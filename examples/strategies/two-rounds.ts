import type { TransferStrategy } from 'livemig/strategy';
import { sendAll, stopAndSendRest } from 'livemig/strategy';

/** Two rounds of pre-copy, and then the guest is stopped, however much is left. */
const twoRounds: TransferStrategy = {
  name: 'two-rounds',
  migrate: async (session, signal) => {
    // The first sync is every page, the next ones what the guest has dirtied since.
    let pending = session.memory.sync();
    for (let round = 1; round <= 2; round++) {
      await sendAll(session, pending, signal);
      // What is dirtied until the round has arrived belongs to the next.
      await session.pages.barrier();
      pending = session.memory.sync();
      session.roundEnded(pending.count);
    }
    await stopAndSendRest(session, pending, signal);
  },
};

export default twoRounds;
