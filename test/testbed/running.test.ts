import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { netnsDriver } from '#harness/testbed/netns/index';
import type { LivemigProcess } from '../support/livemig-process.ts';
import { endLivemigs, runLivemigInShell, startLivemig, startedUntil } from '../support/livemig-process.ts';

afterAll(endLivemigs, 60_000);

const support = await netnsDriver.probe();

/** A separate directory for temporary files, so that other runs on this machine aren't found. */
let temporary = '';
const env = () => ({ TMPDIR: temporary });

/** 64 MiB at 8 Mb/s: a minute, if nobody steps in. */
const slowRun = (text: string, ...args: string[]): Promise<LivemigProcess> =>
  startedUntil(
    text,
    ['run', '--driver', 'netns', '--link', 'lan-1g', '--strategy', 'pre-copy', '--workload', 'idle', '--json',
      '--guest', '72MiB,baseFootprint=64MiB', '--max-bandwidth', '8', '--out', join(temporary, 'results'), ...args],
    env(),
  ); // prettier-ignore

const order = async (...args: string[]) => {
  const { said, ended } = startLivemig(args, env());
  const [exitCode] = await ended;
  return { exitCode, ...said };
};

const resultOf = ({ said }: LivemigProcess): RunResult => JSON.parse(said.stdout) as RunResult;

if (!support.supported) test.skip(`a run under way: driver netns: ${support.reason}`, () => undefined);
else
  describe('a run under way', () => {
    beforeAll(async () => {
      temporary = await mkdtemp(join(tmpdir(), 'lm-'));
    });
    afterAll(() => rm(temporary, { recursive: true, force: true }));

    test('says how far it is, once and until its end', async () => {
      expect(await order('status')).toMatchObject({ exitCode: 2 });
      const run = await slowRun('status active');
      const followed = startLivemig(['status', '--follow', '--interval', '200', '--json'], env());
      await sleep(1000);
      const [one, plain] = [await order('status', '--json'), await order('status')];
      expect([one.exitCode, plain.exitCode]).toEqual([0, 0]);
      const info = JSON.parse(one.stdout) as { pid: number; ram: { remaining: number } };
      expect(info).toMatchObject({ pid: run.child.pid, status: 'active', downtimeMs: null });
      // 72 MiB at 8 Mb/s: some of it has gone, most has not.
      expect(info.ram.remaining).toBeGreaterThan(32 << 20);
      expect(info.ram.remaining).toBeLessThan(72 << 20);
      expect(plain.stdout).toMatch(/status +active\n/);
      expect(await order('status', '--interval', '200')).toMatchObject({ exitCode: 2 });
      // Whoever reads no further doesn't wait for the migration's end, most of a minute away.
      const head = await runLivemigInShell('status --follow --interval 100 | head -n 2', { env: env() });
      expect(head.stdout.trim().split('\n')).toHaveLength(2);
      expect(JSON.parse((await order('status', '--json')).stdout)).toMatchObject({ status: 'active' });
      await order('set', '--max-bandwidth', '400');
      const [exitCode] = await followed.ended;
      await run.ended;
      expect({ exitCode, stderr: followed.said.stderr }).toEqual({ exitCode: 0, stderr: '' });
      const lines = followed.said.stdout.trim().split('\n');
      const told = lines.map((line) => JSON.parse(line) as { status: string; totalTimeMs: number });
      expect(told.length).toBeGreaterThan(4);
      expect(told.at(-1)!.status).toBe('completed');
      expect(told.map(({ totalTimeMs }) => totalTimeMs)).toEqual(
        told.map(({ totalTimeMs }) => totalTimeMs).toSorted((a, b) => a - b),
      );
      // What the last line says is what the result says.
      const result = resultOf(run);
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(told.at(-1)).toMatchObject({ ram: measured?.ram, setupTimeMs: measured?.setupTimeMs });
    });

    test('can be given other limits, and its result says so', async () => {
      const run = await slowRun('status active');
      expect(await order('set', '--max-bandwidth', '-1')).toMatchObject({ exitCode: 2 });
      expect(await order('set')).toMatchObject({ exitCode: 2 });
      const set = await order('set', '--max-bandwidth', '400', '--json');
      expect(set).toMatchObject({ exitCode: 0 });
      expect(JSON.parse(set.stdout)).toMatchObject({ status: 'active' });
      await run.ended;
      const result = resultOf(run);
      expect(result.integrity).toMatchObject({ mismatches: 0, staleReads: 0 });
      // A noisy machine may spoil the cross-checks.
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(measured).toMatchObject({ parameterChanges: [{ changed: { maxBandwidthMbps: 400 } }] });
      expect(measured?.totalTimeMs).toBeLessThan(40_000);
    });

    test('can be cancelled: the guest runs on at the source, unharmed', async () => {
      const run = await slowRun('status active');
      expect(await order('cancel', '--run', String(run.child.pid))).toMatchObject({ exitCode: 0 });
      expect((await run.ended)[0]).toBe(1);
      expect(resultOf(run)).toMatchObject({
        state: 'aborted',
        error: { code: 'CANCELLED' },
        integrity: { host: 'source', mismatches: 0, staleReads: 0 },
        evidence: { source: { status: 'cancelled', guestRunningAtEnd: true } },
      });
    });

    test('waits before the switchover until it is continued', async () => {
      const run = await slowRun(
        'status pre-switchover',
        '--cap',
        'pause-before-switchover',
        '--max-bandwidth',
        '0',
      );
      await sleep(300);
      expect(await order('continue')).toMatchObject({ exitCode: 0 });
      await run.ended;
      const result = resultOf(run);
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(measured?.downtimeMs).toBeGreaterThan(300);
      // The wait is a separate part, and the terminal says what it was for.
      expect(measured?.downtime.preSwitchoverMs).toBeGreaterThan(300);
      expect(run.said.stderr).toContain('status pre-switchover: waiting for `livemig continue`');
    });

    test('recovers from losing its link in post-copy for longer than TCP survives', async () => {
      const run = await slowRun(
        'status postcopy-active',
        '--strategy',
        'post-copy',
        '--max-bandwidth',
        '0',
        '--max-postcopy-bandwidth',
        // Not over before it is cut: four other processes come before that one.
        '20',
      );
      for (const nonsense of [[], ['0'], ['soon'], ['1e9']])
        expect(await order('cut', ...nonsense)).toMatchObject({ exitCode: 2 });
      expect(await order('cut', '17000')).toMatchObject({ exitCode: 0 });
      await run.ended;
      const result = resultOf(run);
      expect(result.integrity).toMatchObject({ host: 'destination', mismatches: 0, staleReads: 0 });
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(measured?.recoveries).toMatchObject([
        { pausedMs: expect.any(Number) as unknown, recoveredMs: expect.any(Number) as unknown },
      ]);
      const cut = { startMs: expect.any(Number) as unknown, durationMs: expect.any(Number) as unknown };
      expect(measured?.linkCuts).toMatchObject([{ ...cut, plannedMs: 17_000 }]);
      expect(run.said.stderr).toContain('the link is restored');
      for (const status of ['postcopy-paused', 'postcopy-recover']) expect(run.said.stderr).toContain(status);
    });

    const forced: [string, string[], RegExp | null][] = [
      ['force-switchover', [], null],
      ['start-postcopy', ['--cap', 'postcopy-ram'], /postcopy-active/],
    ];
    test.each(forced)('is switched over by %s', async (command, args, status) => {
      const run = await slowRun('status active', ...args);
      expect(await order(command)).toMatchObject({ exitCode: 0 });
      await run.ended;
      const result = resultOf(run);
      expect(result.integrity).toMatchObject({ host: 'destination', mismatches: 0, staleReads: 0 });
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(measured?.totalTimeMs).toBeLessThan(20_000);
      expect(measured?.switchoverOrder?.atMs).toBeGreaterThan(0);
      expect(run.said.stderr).toContain('switchover ordered');
      if (status !== null) expect(run.said.stderr).toMatch(status);
    });

    test('refuses to switch to post-copy without it, and goes on', async () => {
      const run = await slowRun('status active');
      expect(await order('start-postcopy')).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('postcopy-ram') as unknown,
      });
      expect(await order('cancel')).toMatchObject({ exitCode: 0 });
      await run.ended;
    });

    test('is switched over when the scenario’s time is up', async () => {
      const run = await slowRun('switchover ordered', '--on-timeout', '2000:force-switchover');
      await run.ended;
      const result = resultOf(run);
      const measured = result.state === 'completed' ? result.measurement : result.evidence.measurement;
      expect(measured?.switchoverOrder).toMatchObject({ order: 'force' });
      expect(measured?.switchoverOrder?.atMs).toBeGreaterThan(1500);
    });

    test('once over, takes no more orders', async () => {
      for (const command of ['cancel', 'continue', 'start-postcopy', 'force-switchover'])
        expect(await order(command)).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('nothing is running'),
        });
    });
  });
