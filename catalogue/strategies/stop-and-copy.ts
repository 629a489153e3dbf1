import { defineStrategy } from '../strategy.ts';
import { stopAndSendRest } from './parts/switchover.ts';

/** The non-live baseline: pause the guest, send everything, resume it. */
export default defineStrategy({
  name: 'stop-and-copy',
  help: 'pause, send everything, resume: the baseline without live migration',
  parameters: {},
  traits: {
    rounds: () => 'stop-and-copy sends no page twice before the switchover',
    live: false,
    postcopy: false,
    stopRule: false,
    noDirtyBitmap: 'stop-and-copy sends every page once, and needs no dirty bitmap',
  },
  resentRegions: 0,
  migrate: (session, signal) => stopAndSendRest(session, session.memory.noPages(), signal),
});
