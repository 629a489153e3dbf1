import { defineCapability } from '../capability.ts';

/** The guest is paused meanwhile, so the wait is short: long enough for an operator who is watching. */
const continueWithinS = 60;

/** Implemented by the session (hosts/migration-control.ts). */
export default defineCapability({
  name: 'pause-before-switchover',
  help: 'wait for `livemig continue` with the guest paused; after the time-out, resume it at the source',
  values: { meaning: 'time-out in s', least: 1, most: 3600, whenBare: continueWithinS },
  sets: (value) => ({ continueMaxMs: 1000 * Number(value) }),
});
