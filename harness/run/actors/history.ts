import { recordDirtying } from '../recording.ts';
import type { Recording } from '../recording.ts';
import type { RunActor } from '../actor.ts';

/** Fine enough for rounds of some 100 ms. */
const intervalMs = 100;

/** Records which pages the guest dirties, for whoever asked for it. */
export const history = () => {
  let recording: Recording | null = null;
  return {
    from: 'warm-up',
    until: 'migrate',
    start: async (run) => {
      if (run.onHistory !== undefined) recording = await recordDirtying(run, intervalMs);
    },
    stop: async (run, how) => {
      if (recording !== null && how === 'done') run.onHistory?.(await recording.stop());
    },
  } satisfies RunActor;
};
