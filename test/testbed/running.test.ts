import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunResult } from '../../harness/result.ts';
import { netnsDriver } from '../../harness/testbed/netns/index.ts';
import type { LivemigProcess } from '../support/livemig-process.ts';
import { startedUntil, startLivemig } from '../support/livemig-process.ts';

const support = await netnsDriver.probe();

/** A directory for temporary files of its own: what else runs on this machine isn't found. */
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

    test('is set: it goes on with other limits, and its result says so', async () => {
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

    test('is cancelled: the guest runs on at the source, unharmed', async () => {
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
      // The wait is a part of its own, and the terminal says for what.
      expect(measured?.downtime.preSwitchoverMs).toBeGreaterThan(300);
      expect(run.said.stderr).toContain('status pre-switchover: waits for `livemig continue`');
    });

    test('loses its link in post-copy for longer than TCP bridges, and recovers', async () => {
      const run = await slowRun(
        'status postcopy-active',
        '--strategy',
        'post-copy',
        '--max-bandwidth',
        '0',
        '--max-postcopy-bandwidth',
        '80',
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
      expect(run.said.stderr).toContain('the link is whole again');
      for (const status of ['postcopy-paused', 'postcopy-recover']) expect(run.said.stderr).toContain(status);
    });

    test('is over: there is nothing to act on', async () => {
      for (const command of ['cancel', 'continue'])
        expect(await order(command)).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('nothing runs'),
        });
    });
  });
