import type { ServiceEvidence } from '#harness/measure/service';
import type { RunActor } from '../actor.ts';
import { beginLoad, endLoad } from '../load.ts';
import { pass } from '../migration.ts';

/** Until the service is warm: its code is compiled, and its queue is at its length. */
const settleMs = 500;

/** The requests to the guest's service, from before the warm-up until after the migration. */
export const load = () => {
  let isStarted = false;
  let steadyFromMs = 0;
  let seen: ServiceEvidence | null = null;
  return {
    from: 'warm-up',
    until: 'collect',
    takesMs: ({ scenario }) => settleMs + (scenario.load?.timeoutMs ?? 0),
    start: async (run) => {
      const { load: asked } = run.scenario;
      if (asked === undefined) return;
      await beginLoad(run, asked);
      isStarted = true;
      await pass(run, settleMs);
      steadyFromMs = run.clock.nowMs();
    },
    stop: async (run, how) => {
      const { load: asked } = run.scenario;
      if (asked === undefined || !isStarted) return;
      const samples = await endLoad(run, asked);
      if (how === 'done') seen = { rate: asked.rate, steadyFromMs, samples };
    },
    collect: async (): Promise<ServiceEvidence | null> => seen,
  } satisfies RunActor;
};
