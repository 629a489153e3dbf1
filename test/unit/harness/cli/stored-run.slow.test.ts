import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { runLivemig } from '#test/support/livemig-process';

let directory = '';
let made: RunResult[] = [];
const livemig = (...args: string[]) => runLivemig(args, { cwd: directory });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lm-stored-'));
  const { stdout } = await livemig(
    'run', '--driver', 'sim', '--guest', '16MiB', '--workload', 'stress:4MiB', '--repeat', '2', '--json',
  ); // prettier-ignore
  made = (JSON.parse(stdout) as { results: RunResult[] }).results;
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

test('show: a run by the beginning of its id, as it was shown when it was made', async () => {
  const [first] = made;
  const { code, stdout } = await livemig('show', first!.runId.slice(0, 13));
  expect(code).toBe(0);
  expect(stdout).toContain('completed: hybrid of a 16 MiB guest');
  expect(stdout).toContain('.events.jsonl');
  const { stdout: document } = await livemig('show', '--json', first!.runId, 'results');
  expect(JSON.parse(document)).toEqual(first);
});

test('trace: stages, statuses, rounds and counters of a run, as JSON', async () => {
  const { code, stderr } = await livemig('trace', made[0]!.runId, '--out', 'trace.json');
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^trace.json: \d+ events; open it in Perfetto/),
  });
  const trace = JSON.parse(await readFile(join(directory, 'trace.json'), 'utf8')) as {
    traceEvents: { name: string }[];
  };
  const names = new Set(trace.traceEvents.map(({ name }) => name));
  for (const name of [
    'warm-up',
    'postcopy-active',
    'round 1 (precopy)',
    'downtime',
    'deviceState',
    'guest operations per s',
    'hello',
    'pages',
    'resume',
  ])
    expect(names).toContain(name);
});

test('what is no run is refused, with those that there are', async () => {
  expect(await livemig('show', 'nonsense')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(made[0]!.runId),
  });
  expect(await livemig('show', '')).toMatchObject({ code: 2 });
  expect(await livemig('trace', 'nonsense', 'nowhere')).toMatchObject({ code: 2 });
});
