import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { netnsDriver } from '#harness/testbed/netns/index';
import type { RunResult } from '#harness/result';
import { endLivemigs, startLivemig, startedUntil } from '../support/livemig-process.ts';
import { processesWith } from '../support/processes.ts';
import { schemaProblems } from '../support/result-schema.ts';

afterAll(endLivemigs, 60_000);

const small = ['--driver', 'netns', '--link', 'lan-1g', '--guest', '32MiB', '--workload', 'stress:4MiB'];
const support = await netnsDriver.probe();

/** A run that warms up for ever. */
const startedWarmUp = (out: string) =>
  startedUntil('warm-up', ['run', ...small, '--warmup', '600000', '--json', '--out', out]);

if (!support.supported) test.skip(`livemig run: driver netns: ${support.reason}`, () => undefined);
else
  describe('livemig run', () => {
    let directory = '';
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'livemig-cli-'));
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    test('--json prints the document that is on disk, and it fits the published schema', async () => {
      const out = join(directory, 'json');
      const { said, ended } = startLivemig(['run', ...small, '--warmup', '200', '--json', '--out', out]);
      const [code] = await ended;
      const result = JSON.parse(said.stdout) as RunResult;
      // A noisy machine may spoil the link; the exit code must then say so.
      expect(code).toBe(result.state === 'completed' ? 0 : 1);
      expect(schemaProblems(result)).toEqual([]);
      const files = await readdir(out);
      const file = files.find((name) => name.endsWith('.json'));
      expect(JSON.parse(await readFile(join(out, file ?? ''), 'utf8'))).toEqual(result);
      expect(files.filter((name) => name.endsWith('.events.jsonl'))).toHaveLength(1);
      expect(said.stderr).toContain(`${result.state}: hybrid of a 32 MiB guest`);
    });

    test('Ctrl-C, even twice in a row, ends in an aborted result and leaves nothing behind', async () => {
      const out = join(directory, 'aborted');
      const { child, said, ended } = await startedWarmUp(out);
      child.kill('SIGINT');
      child.kill('SIGINT');
      const [code] = await ended;
      expect(JSON.parse(said.stdout)).toMatchObject({ state: 'aborted', error: { code: 'CANCELLED' } });
      expect(code).toBe(130);
      expect((await readdir(out)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect(processesWith(`livemig-netns-${String(child.pid)}-`)).toEqual([]);
    });

    test('a pipe closed early is not a failure', async () => {
      const { child, ended } = startLivemig(['list', 'links']);
      child.stdout?.destroy();
      const [code] = await ended;
      expect(code).toBe(0);
    });
  });
