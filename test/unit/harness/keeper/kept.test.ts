import { cp, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { codeStamp } from '#harness/keeper/code-stamp';
import { misfits, traitsOf } from '#harness/keeper/kept';
import { askSchema } from '#harness/keeper/messages';
import { loadScenario } from '#harness/scenario';

const scenarioOf = (document: Record<string, unknown> = {}) =>
  loadScenario(undefined, { link: 'lan-1g', driver: 'netns', ...document });
const kept = traitsOf(await scenarioOf(), 'netns');

test('a run of any guest and strategy fits a testbed with its link, driver and backend', async () => {
  for (const document of [
    {},
    { strategy: 'post-copy', guest: '64MiB' },
    { driver: 'auto' },
    { guest: { ram: '64MiB', disk: { size: '64MiB', storage: 'block' } } },
  ])
    expect([document, misfits(kept, await scenarioOf(document))]).toEqual([document, []]);
});

test.each([
  [{ link: 'lan-10g' }, ['link lan-1g, not lan-10g']],
  [{ driver: 'docker' }, ['driver netns, not docker']],
  [{ backend: 'netem' }, ['backend auto, not netem']],
  [{ congestionControl: 'reno' }, ['congestion control cubic, not reno']],
  [{ guest: { ram: '64MiB', disk: { size: '64MiB', storage: 'shared' } } }, ['no storage host']],
])('one that needs something else does not: %j', async (document, why) => {
  expect(misfits(kept, await scenarioOf(document))).toEqual(why);
});

test('a scenario goes to the keeper whole', async () => {
  const scenario = await scenarioOf({ strategy: 'hybrid', workload: 'stress:16MiB@1000' });
  const ask = { ask: 'run', scenario, directory: '/somewhere' };
  expect(askSchema.parse(JSON.parse(JSON.stringify(ask)))).toEqual(ask);
});

test('edited code has another stamp', async () => {
  const root = fileURLToPath(new URL('../../../..', import.meta.url));
  const copy = await mkdtemp(join(tmpdir(), 'lm-code-'));
  try {
    for (const room of ['catalogue', 'harness', 'hosts', 'proto'])
      await cp(join(root, room), join(copy, room), {
        recursive: true,
        preserveTimestamps: true,
        filter: (path) => !path.includes('node_modules'),
      });
    const before = codeStamp(copy);
    expect(codeStamp(copy)).toBe(before);
    await utimes(join(copy, 'hosts', 'agent.ts'), 1, 1);
    expect(codeStamp(copy)).not.toBe(before);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
