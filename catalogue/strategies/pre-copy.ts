import { definedAs } from '../room.ts';
import { stopRules } from '../stop-rules.ts';
import { defineStrategy } from '../strategy.ts';
import { stopAndSendRest } from './parts/switchover.ts';

/** Pre-copy: send everything, resend what was dirtied meanwhile, and pause the guest by one of the stop rules. */
export default defineStrategy({
  name: 'pre-copy',
  help: 'send everything, resend what was dirtied, pause when the rest fits the downtime limit',
  parameters: {},
  traits: {
    postcopy: false,
    noDirtyBitmap: 'without a dirty bitmap, all pages of pre-copy would stay pending',
  },
  resentRegions: 2,
  migrate: async (session, signal) => {
    const pending = await definedAs(stopRules, session.limits.convergence).precopy(session, signal);
    await stopAndSendRest(session, pending, signal);
  },
});
