import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { readResults } from '#harness/results';
import { endLivemigs, startLivemig } from '#test/support/livemig-process';

afterAll(endLivemigs, 60_000);

const tiny = fileURLToPath(new URL('../../../support/tiny-sweep.yaml', import.meta.url));
const directories: string[] = [];
const fresh = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'livemig-sweep-sim-'));
  directories.push(directory);
  return join(directory, 'tiny');
};
const start = (out: string, ...args: string[]) =>
  startLivemig(['sweep', tiny, '--driver', 'sim', '--out', out, ...args], { PATH: '' });
const placeOf = ({ sweep }: RunResult): string => JSON.stringify([sweep?.cell, sweep?.repeat]);
/** By place in the sweep. Ids have the sweep's random one in them; figures follow from the scenario alone. */
const figuresOf = (runs: readonly RunResult[]) =>
  new Map(runs.map((run) => [placeOf(run), JSON.stringify(run.measurement)]));

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

test('a sweep in virtual time, killed in the middle, continues where it was with the same results', async () => {
  const out = await fresh();
  const killed = start(out);
  while ((killed.said.stderr.match(/, downtime /g)?.length ?? 0) < 2 && killed.child.exitCode === null)
    await sleep(5);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = await readFile(join(out, 'runs.jsonl'), 'utf8');
  const kept = await readResults([out]);
  expect(kept.length).toBeGreaterThanOrEqual(2);
  // Otherwise nothing would be left to do, and nothing tried.
  expect(kept.length).toBeLessThan(8);

  const resumed = start(out, '--json');
  expect((await resumed.ended)[0]).toBe(0);
  expect(JSON.parse(resumed.said.stdout)).toMatchObject({ name: 'tiny', complete: true });
  expect(resumed.said.stderr).toContain(`${kept.length} of 8 done; ${8 - kept.length} run`);
  const after = await readFile(join(out, 'runs.jsonl'), 'utf8');
  expect(after.startsWith(before.slice(0, before.lastIndexOf('\n') + 1))).toBe(true);
  const runs = await readResults([out]);
  expect(runs.map(({ state, driver, link }) => [state, driver, link.backend])).toEqual(
    Array.from({ length: 8 }, () => ['completed', 'sim', 'virtual-time']),
  );
  expect(new Set(runs.map(({ sweep }) => sweep?.sweepId)).size).toBe(1);

  const whole = await fresh();
  expect((await start(whole).ended)[0]).toBe(0);
  const uninterrupted = figuresOf(await readResults([whole]));
  expect(uninterrupted.size).toBe(8);
  expect(figuresOf(runs)).toEqual(uninterrupted);
}, 60_000);

test('a directory of simulated runs accepts no measured ones', async () => {
  const out = await fresh();
  expect((await start(out, '--repeats', '1').ended)[0]).toBe(0);
  const other = startLivemig(['sweep', tiny, '--driver', 'netns', '--repeats', '1', '--out', out]);
  expect((await other.ended)[0]).toBe(2);
  expect(other.said.stderr).toContain('driver');
  expect((await readResults([out])).every(({ driver }) => driver === 'sim')).toBe(true);
}, 60_000);
