import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { netnsDriver } from '#harness/testbed/netns/index';
import { isThere, startTimeOf } from '#harness/testbed/owner';
import { endLivemigs, startLivemig } from '../support/livemig-process.ts';

afterAll(endLivemigs, 60_000);

const support = await netnsDriver.probe();

/** A separate directory for temporary files, so that other testbeds on this machine aren't found. */
let temporary = '';
const livemig = async (...args: string[]) => {
  const { said, ended } = startLivemig(args, { TMPDIR: temporary });
  const [code] = await ended;
  return { code, ...said };
};
const link = ['--link', 'lan-1g', '--driver', 'netns'];
const attempts = 4;
/** Tries again where a noisy machine spoils the link. */
const up = async (): Promise<Awaited<ReturnType<typeof livemig>>> => {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await livemig('up', ...link, '--json');
    if (attempt === attempts || !outcome.stderr.includes("isn't what its profile")) return outcome;
    console.warn(`attempt ${attempt}: ${outcome.stderr.trim().split('\n').at(-1) ?? ''}`);
  }
};
const run = (...args: string[]) =>
  livemig('run', ...link, '--guest', '32MiB', '--workload', 'stress:4MiB', '--warmup', '200', '--json',
    '--out', join(temporary, 'results'), ...args); // prettier-ignore

const keptNow = async (): Promise<{ pid: number; link: string; status: Record<string, unknown> }[]> =>
  (JSON.parse((await livemig('ps', '--json')).stdout) as { testbeds: never }).testbeds;

/** Until the keeper has nothing to do. */
const idle = async (): Promise<void> => {
  for (let tries = 0; tries < 60; tries += 1) {
    const [kept] = await keptNow();
    if (kept?.status['state'] === 'idle') return;
    await sleep(500);
  }
  throw new Error('expected the kept testbed to become idle within half a minute');
};

if (!support.supported) test.skip(`a kept testbed: driver netns: ${support.reason}`, () => undefined);
else
  describe('a testbed that livemig up keeps', () => {
    beforeAll(async () => {
      temporary = await mkdtemp(join(tmpdir(), 'lm-'));
    });
    afterEach(async () => {
      await livemig('down');
    }, 60_000);
    afterAll(() => rm(temporary, { recursive: true, force: true }));

    test('is used by one run after another, each with fresh agents, and is gone after livemig down', async () => {
      const kept = await up();
      expect(kept).toMatchObject({ code: 0 });
      const { pid } = JSON.parse(kept.stdout) as { pid: number };
      const startTime = startTimeOf(pid) ?? '';
      expect(await keptNow()).toMatchObject([{ pid, link: 'lan-1g', status: { state: 'idle', runs: 0 } }]);

      const results: RunResult[] = [];
      for (let made = 0; made < 2; made += 1) {
        const { stdout, stderr } = await run();
        expect(stderr).not.toContain('up: removed');
        results.push(JSON.parse(stdout) as RunResult);
      }
      const [first, second] = results;
      // A noisy machine may spoil a run, not what it was made in.
      for (const result of results) {
        expect(result.link.calibration?.goodputMbps).toBeGreaterThan(800);
        expect(result.scenario.link).toBe('lan-1g');
      }
      // Calibrated when it came up, and not anew.
      expect(first?.link.calibration?.throughputMeasured.runId).toBe(
        second?.link.calibration?.throughputMeasured.runId,
      );
      expect([first?.runId, second?.runId]).not.toContain(first?.link.calibration?.throughputMeasured.runId);
      await idle();
      expect(await keptNow()).toMatchObject([{ status: { runs: 2, run: null } }]);

      expect(await livemig('down')).toMatchObject({ code: 0 });
      expect(isThere(pid, startTime)).toBe(false);
      expect(await keptNow()).toEqual([]);
      expect((await readdir(temporary)).filter((name) => name.includes('netns'))).toEqual([]);
    });

    test('is left alone by a run over another link, and by one that wants its own', async () => {
      expect(await up()).toMatchObject({ code: 0 });
      const other = await run('--link', 'lan-10g');
      expect(other.stderr).toContain("isn't used: link lan-1g, not lan-10g");
      await run('--own-testbed');
      expect(await keptNow()).toMatchObject([{ status: { runs: 0 } }]);
    });

    test('survives the Ctrl-C of a run, which is aborted, and takes the next one', async () => {
      expect(await up()).toMatchObject({ code: 0 });
      const { child, said, ended } = startLivemig(
        ['run', ...link, '--guest', '32MiB', '--workload', 'idle', '--warmup', '600000', '--json', '--out', join(temporary, 'results')],
        { TMPDIR: temporary },
      ); // prettier-ignore
      while (!said.stderr.includes('warm-up') && child.exitCode === null) await sleep(20);
      expect((await run()).stderr).toContain('the kept testbed has another run');
      child.kill('SIGINT');
      expect((await ended)[0]).toBe(130);
      expect(JSON.parse(said.stdout)).toMatchObject({ state: 'aborted' });
      await idle();
      const next = JSON.parse((await run()).stdout) as RunResult;
      expect(['completed', 'invalid']).toContain(next.state);
    });

    test('ends with its keeper, whatever kills that, and the next livemig finds none', async () => {
      const { stdout } = await up();
      const { pid } = JSON.parse(stdout) as { pid: number };
      process.kill(pid, 'SIGKILL');
      const startTime = startTimeOf(pid) ?? '';
      while (startTime !== '' && isThere(pid, startTime)) await sleep(20);
      expect(await keptNow()).toEqual([]);
      const result = JSON.parse((await run()).stdout) as RunResult;
      expect(['completed', 'invalid']).toContain(result.state);
    });

    test('whose link can’t be had is reported, with nothing left behind', async () => {
      const refused = await livemig(
        'up',
        '--link',
        'lan-1g',
        '--driver',
        'netns',
        '--backend',
        'virtual-time',
      );
      expect(refused.code).not.toBe(0);
      expect(await keptNow()).toEqual([]);
      expect(await livemig('up', '--driver', 'sim')).toMatchObject({ code: 2 });
      expect(await livemig('down', '4711')).toMatchObject({ code: 2 });
    });
  });
