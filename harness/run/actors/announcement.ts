import { messageOf } from '#proto/errors';
import type { RunActor } from '../actor.ts';
import { announceRun } from '../running.ts';

/**
 * Lets `livemig set`, `cancel`, `continue` and `cut` find the run, if only to say that it takes no orders. One that they
 * can't find is a run all the same.
 */
export const announcement = () => {
  let announced: AsyncDisposable | null = null;
  return {
    from: 'link',
    until: 'verify',
    start: async ({ testbed, topology, record, scenario, migrations: [migration], clock, enter }) => {
      if (migration === undefined) return;
      const { agents } = testbed;
      const running = {
        runId: record.runId,
        name: scenario.name,
        driver: testbed.driver,
        agents: agents === null ? null : { source: agents.source, wan: agents.wan },
        addresses: { source: topology.source.address, destination: topology.destination.address },
        migrationId: migration.id,
      };
      announced = await clock.during(announceRun(running)).catch((error: unknown) => {
        enter('up', `the run obeys no other terminal: ${messageOf(error)}`);
        return null;
      });
    },
    stop: async () => {
      await announced?.[Symbol.asyncDispose]();
    },
  } satisfies RunActor;
};
