import { defineStrategy } from '../strategy.ts';
import { switchToPostcopy } from './parts/switchover.ts';

/** Post-copy: move the running guest first, then its memory. */
export default defineStrategy({
  name: 'post-copy',
  help: 'pause, send the device state, resume at the destination, then push pages and fetch them on demand',
  parameters: {},
  traits: {
    rounds: () => 'post-copy sends no page twice before the switchover',
    precopy: false,
    stopRule: false,
    noDirtyBitmap: 'post-copy sends every page once, and needs no dirty bitmap',
  },
  resentRegions: 0,
  migrate: async (session, signal) => {
    await session.destination.prime();
    await switchToPostcopy(session, session.memory.sync(), null, signal);
  },
});
