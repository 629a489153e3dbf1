import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { NEVER } from 'rxjs';
import type { AgentPort } from '#harness/agent-port';
import { machineClock } from '#harness/clock';
import { defaultPatience } from '#harness/patience';
import { AgentWatch } from '#harness/run/agent-watch';
import type { ProcessSight } from '#harness/testbed/process-sight';
import { ended } from '#harness/testbed/process-sight';
import type { Testbed } from '#harness/testbed/testbed';
import { LivemigError } from '#proto/errors';

const runs: ProcessSight = { state: 'runs', cpuTicks: 1, how: 'its process is there (state R)' };

const watches: AgentWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

/** An agent whose calls are over; its process ends this much later. */
const closing = (endsAfterMs: number, answers: () => boolean): AgentWatch => {
  let sight = runs;
  const end = setTimeout(() => {
    sight = ended('it ended with exit code 0');
  }, endsAfterMs);
  end.unref();
  const call = async () => {
    if (answers()) return {};
    throw new LivemigError('AGENT_UNREACHABLE', 'nobody listens');
  };
  const client = { call } as unknown as AgentPort;
  const testbed = { look: async () => sight, clock: machineClock } as unknown as Testbed;
  const watch = new AgentWatch('source', client, testbed, NEVER, defaultPatience);
  watches.push(watch);
  return watch;
};

test('an agent that ends in an orderly way is waited for, and its end is reported', async () => {
  const watch = closing(1500, () => false);
  await watch.suspect();
  expect(watch.state).toBe('gone');
  expect(watch.error?.message).toContain('the source agent is gone: it ended with exit code 0');
});

test('an agent that answers again is no longer suspected (negative control)', async () => {
  let isBusy = true;
  const watch = closing(60_000, () => !isBusy);
  void sleep(300).then(() => (isBusy = false));
  await watch.suspect();
  expect(watch).toMatchObject({ state: 'answers', error: null });
});
