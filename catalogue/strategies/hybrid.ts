import { integer } from '../parameter.ts';
import { defineStrategy } from '../strategy.ts';
import { sendAll, switchToPostcopy } from './parts/switchover.ts';

/** Hybrid: n rounds of pre-copy, then post-copy of the pages dirtied meanwhile. It converges at any dirty rate. */
export default defineStrategy({
  name: 'hybrid',
  isDefault: true,
  help: 'rounds of pre-copy, then post-copy for the rest',
  parameters: {
    hybridRounds: integer({
      help: 'pre-copy rounds before the switchover to post-copy',
      unit: 'rounds',
      least: 1,
      most: 100,
      default: 1,
      option: '--hybrid-rounds <n>',
    }),
  },
  traits: {
    rounds: ({ hybridRounds }) =>
      Number(hybridRounds) > 1 || 'hybrid with one round sends no page twice before the switchover',
    stopRule: false,
  },
  resentRegions: 1,
  migrate: async (session, signal, { hybridRounds }) => {
    const { memory } = session;
    let pending = memory.sync();
    for (let round = 1; round <= hybridRounds; round++) {
      await sendAll(session, pending, signal);
      await session.pages.barrier();
      pending = memory.sync();
      session.roundEnded(pending.count);
    }
    const stale = memory.noPages();
    stale.addAll(pending);
    await switchToPostcopy(session, pending, stale, signal);
  },
});
