import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caseIds } from '#harness/conformance/cases';
import type { RunResult } from '#harness/result';
import { netnsDriver } from '#harness/testbed/netns/index';
import { endLivemigs, startLivemig } from '../support/livemig-process.ts';
import { processesWith } from '../support/processes.ts';
import { schemaProblems } from '../support/result-schema.ts';

afterAll(endLivemigs, 60_000);

const example = fileURLToPath(new URL('../../examples/strategies/two-rounds.ts', import.meta.url));
const support = await netnsDriver.probe();
const small = ['--driver', 'netns', '--link', 'lan-1g', '--guest', '64MiB', '--workload', 'stress:8MiB', '--warmup', '500']; // prettier-ignore

const livemig = async (...args: string[]) => {
  const { said, ended } = startLivemig(args);
  const [exitCode] = await ended;
  return { exitCode, ...said };
};

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-strategy-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const written = async (name: string, text: string): Promise<string> => {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
};

describe('livemig check', () => {
  test('passes the example', async () => {
    const { exitCode, stdout } = await livemig('check', example, '--json');
    const { strategy, diagnosis, findings, types } = JSON.parse(stdout) as {
      strategy: string;
      diagnosis: unknown;
      findings: { case: string; state: string }[];
      types: { state: string };
    };
    expect({ exitCode, strategy, diagnosis }).toEqual({
      ...{ exitCode: 0, strategy: 'two-rounds', diagnosis: null },
    });
    expect(findings.map(({ case: id }) => id)).toEqual(caseIds);
    expect(findings.filter(({ state }) => state !== 'passed')).toEqual([]);
    // The clone that it is in has TypeScript.
    expect(types.state).toBe('passed');
  });

  test('says one thing first of a strategy that forgets the pages of the last round, and how to see it again', async () => {
    const forgets = (await readFile(example, 'utf8')).replace(
      'await stopAndSendRest(session, pending, signal);',
      `await session.guest.pause();
       await session.destination.sendDeviceState();
       await session.destination.resume('complete');
       await session.destination.complete();`,
    );
    const file = await written('forgets.ts', forgets);
    const { exitCode, stdout, stderr } = await livemig('check', file);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const line = forgets.split('\n').findIndex((each) => each.includes('destination.resume')) + 1;
    expect(stdout.split('\n')[0]).toMatch(new RegExp(`^\\S*forgets\\.ts:${line}: early-switchover\\. `));
    expect(stdout).toMatch(/sent v\d+, round 1\n.*\n[^]*dirtied v\d+[^]*switchover: /);
    expect(stdout).toMatch(/\nfailed for this reason \(\d+\): busy-guest,/);
    expect(stdout).toMatch(/\npassed \(\d+\): idle-guest\n/);
    expect(stdout).toMatch(/\nnot tried, as it needs busy-guest \(7\): failing-calls,/);
    const [, replay = ''] = /^again: livemig (.*)$/m.exec(stdout) ?? [];
    const again = await livemig(...replay.split(' '));
    expect(again.exitCode).toBe(1);
    const explanationOf = (text: string): string => text.slice(0, text.indexOf('again:'));
    expect(explanationOf(again.stdout)).toBe(explanationOf(stdout));
    const document = JSON.parse((await livemig(...replay.split(' '), '--json')).stdout) as object;
    expect(document).toMatchObject({
      diagnosis: { code: 'early-switchover', place: { line } },
      counterexample: { case: 'busy-guest', trial: { pageCount: 1, seed: 1 }, timeline: { page: 0 } },
      findings: [{ case: 'busy-guest', state: 'failed', cause: 'early-switchover' }],
    });
  });

  test.each([
    ['endless', 'async (session) => { for (;;) await session.pages.fence(); }', 'endless-loop'],
    ['waits', '() => new Promise(() => undefined)', 'waits-forever'],
  ])('ends one that %s', async (name, migrate, code) => {
    const file = await written(`${name}.js`, `export default { name: '${name}', migrate: ${migrate} };`);
    const { exitCode, stdout } = await livemig('check', file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.stringContaining(`: ${code}. `) });
    expect(stdout).toMatch(
      new RegExp(`${name}: 0 of ${caseIds.length} hold, 1 fail, ${caseIds.length - 1} not tried\n`),
    );
  });

  test('tells problems of types with file and line; they fail it if they were asked for', async () => {
    const text = (await readFile(example, 'utf8')).replace('let round = 1', "let round: number = '1'");
    const file = await written('types.ts', text);
    const line = text.split('\n').findIndex((each) => each.includes("'1'")) + 1;
    const asked = await livemig('check', file, '--case', 'busy-guest', '--types');
    expect(asked).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`${file}:${line}:`) });
    const unasked = await livemig('check', file, '--case', 'busy-guest');
    expect(unasked).toMatchObject({ exitCode: 0, stdout: 'two-rounds: 1 of 1 hold\n' });
  });

  test('refuses a case that there is not, and a seed that is none, both at once', async () => {
    const { exitCode, stderr } = await livemig('check', example, '--case', 'bussy-guest', '--seed', '-1');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--seed: expected a whole number[^]*did you mean "busy-guest"/);
  });

  test.each([
    [
      'nothing.ts',
      'export const strategy = 1;',
      /expected `export default` of .*found no default among its exports, strategy/,
    ],
    ['nameless.ts', 'export default { migrate: () => 0 };', /expected `export default` of .*found one of { migrate }/], // prettier-ignore
    ['broken.ts', '\nexport default {', /strategy .*broken.ts: line 2: /],
    ['imports.ts', "import 'left-pad'; export default { name: 'x', migrate: () => 0 };", /nothing but livemig\/strategy/], // prettier-ignore
  ])('refuses %s, with the reason', async (name, text, reason) => {
    const { exitCode, stderr } = await livemig('check', await written(name, text));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(reason);
  });

  test('refuses a file that is not there, and so does run', async () => {
    expect(await livemig('check', join(directory, 'missing.ts'))).toMatchObject({ exitCode: 2 });
    expect(await livemig('run', '--strategy', join(directory, 'missing.ts'))).toMatchObject({ exitCode: 2 });
  });
});

if (!support.supported) test.skip(`a strategy file: driver netns: ${support.reason}`, () => undefined);
else
  describe('a strategy file', () => {
    test('migrates a guest, and the result names the file and its digest', async () => {
      const out = join(directory, 'results');
      const { stdout } = await livemig('run', ...small, '--strategy', example, '--json', '--out', out);
      const result = JSON.parse(stdout) as RunResult;
      expect(schemaProblems(result)).toEqual([]);
      const sha256 = createHash('sha256')
        .update(await readFile(example))
        .digest('hex');
      expect(result).toMatchObject({
        strategy: example,
        environment: { strategySha256: sha256 },
        integrity: { mismatches: 0, staleReads: 0 },
      });
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(measured?.rounds).toHaveLength(3);
    });

    test.each([
      ['throws nothing', 'throw null;', /expected an Error to be thrown, got null/],
      ['ends its process', 'process.exit(0);', /must not end its process/],
    ])('that %s fails the run, which says so', async (name, act, reason) => {
      const text = `export default { name: 'mine', migrate: async () => { ${act} } };`;
      const file = await written(`${name.replaceAll(' ', '-')}.mjs`, text);
      let result: RunResult;
      // A noisy machine may spoil the calibration before it.
      let tries = 3;
      do {
        const { exitCode, stdout } = await livemig('run', ...small, '--strategy', file, '--json');
        expect(exitCode).toBe(1);
        result = JSON.parse(stdout) as RunResult;
      } while (result.state === 'invalid' && --tries > 0);
      expect(result.state).toBe('failed');
      expect(result.error?.message).toMatch(reason);
    });

    test('is run again by watch when it changes, and the differences are shown', async () => {
      const file = join(directory, 'mine.ts');
      await copyFile(example, file);
      const { child, said, ended } = startLivemig([
        'watch',
        file,
        ...small,
        '--out',
        join(directory, 'watched'),
      ]);
      const until = async (text: string, times: number): Promise<void> => {
        while (said.stderr.split(text).length <= times && child.exitCode === null) await sleep(50);
        expect(child.exitCode).toBeNull();
      };
      await until('Ctrl-C ends it', 1);
      // A noisy machine may spoil a run: then there is nothing yet to compare with.
      for (
        let version = 1;
        version <= 4 && !said.stdout.includes('compared with the version before');
        version++
      ) {
        await appendFile(file, `// version ${version}\n`);
        await until('Ctrl-C ends it', version + 1);
      }
      expect(said.stdout).toMatch(/compared with the version before:\n {2}total/);
      child.kill('SIGINT');
      expect((await ended)[0]).toBe(130);
      expect(processesWith(`livemig-netns-${String(child.pid)}-`)).toEqual([]);
    });
  });
