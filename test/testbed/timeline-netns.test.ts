import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { CompletedRun, RunResult } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { runScenario } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { netnsDriver } from '#harness/testbed/netns/index';
import type { Testbed, TestbedDriver } from '#harness/testbed/testbed';
import { endLivemigs, startLivemig } from '../support/livemig-process.ts';

afterAll(endLivemigs, 60_000);

const support = await netnsDriver.probe();
const link = 'coleraine-dublin-1g';
const attempts = 5;

/** A busy machine may spoil a run, rightly refused as invalid: once more then. */
const completed = async (run: () => Promise<RunResult>): Promise<CompletedRun> => {
  for (let attempt = 1; ; attempt++) {
    const result = await run();
    if (result.state === 'completed') return result;
    if (result.state !== 'invalid' || attempt === attempts) throw new Error(result.error.message);
    console.warn(`attempt ${attempt}: ${result.error.message}`);
  }
};

const document = { link, driver: 'netns', warmupMs: 300 };
/** Post-copy of 128 MiB at 300 Mb/s: 3.6 s at the destination, behind the link, if nothing happens. */
const postCopy = {
  ...document,
  strategy: 'post-copy',
  guest: '160MiB,baseFootprint=128MiB',
  workload: 'idle',
  limits: { maxPostcopyBandwidthMbps: 300 },
};
const runOf = async (change: Record<string, unknown>) => runScenario(await loadScenario(undefined, change));

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Of what the router counted and the observer saw in a span after the switchover. */
const seenIn = ({ measurement: { series, downtimeStartMs, downtimeMs } }: CompletedRun, fromMs: number, untilMs: number) => {
  const switchedAtMs = downtimeStartMs + downtimeMs;
  const isIn = ({ atMs }: { atMs: number }): boolean => atMs > switchedAtMs + fromMs && atMs <= switchedAtMs + untilMs;
  return {
    mbps: median(series.link.filter(isIn).map(({ sourceToDestinationMbps }) => sourceToDestinationMbps)),
    rttMs: median(series.pings.filter(isIn).flatMap(({ p50Ms }) => (p50Ms === null ? [] : [p50Ms]))),
  };
}; // prettier-ignore

if (!support.supported) test.skip(`a timeline: driver netns: ${support.reason}`, () => undefined);
else
  describe('a timeline on a real link', () => {
    test('the link changes under a migration: the router counts it, and the observer feels it', async () => {
      // A buffer of a round trip, as TCP doesn't fill a long link with a shallow one.
      const timeline = [{ at: 'postcopy+1s', do: 'link', rateMbps: 100, delayMs: 30, bufferMs: 60 }];
      const result = await completed(() => runOf({ ...postCopy, timeline }));
      const control = await completed(() => runOf(postCopy));
      expect(result.timeline).toMatchObject([
        { outcome: 'done', with: 'rateMbps 100, delayMs 30, bufferMs 60' },
      ]);
      const [before, after] = [seenIn(result, 200, 900), seenIn(result, 2000, 3000)];
      expect(before.mbps).toBeGreaterThan(250);
      expect(before.rttMs).toBeLessThan(20);
      expect(after.mbps).toBeLessThan(105);
      expect(after.mbps).toBeGreaterThan(60);
      expect(after.rttMs).toBeGreaterThan(58);
      expect(after.rttMs).toBeLessThan(130);
      // Negative control: the same spans of a run whose link stays.
      const [one, other] = [seenIn(control, 200, 900), seenIn(control, 2000, 3000)];
      for (const { mbps, rttMs } of [one, other]) {
        expect(mbps).toBeGreaterThan(250);
        expect(rttMs).toBeLessThan(20);
      }
      expect(result.integrity).toMatchObject({ mismatches: 0, staleReads: 0 });
    });

    test('the example tells its story', async () => {
      const file = fileURLToPath(new URL('../../scenarios/timeline.yaml', import.meta.url));
      const scenario = await loadScenario(file, { driver: 'netns' });
      const result = await completed(() => runScenario(scenario));
      expect(result.timeline?.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
      expect(result.measurement.linkCuts).toMatchObject([{ plannedMs: 300 }]);
      expect(result.crossChecks.find(({ name }) => name === 'timeline')).toMatchObject({ verdict: 'agree' });
    });

    test('a host dies', async () => {
      const slow = { ...document, strategy: 'pre-copy', workload: 'idle', limits: { maxBandwidthMbps: 16 } };
      const result = await runOf({ ...slow, guest: '64MiB', timeline: 'active+500ms kill host=destination' });
      expect(result).toMatchObject({
        state: 'failed',
        error: { code: 'AGENT_UNREACHABLE' },
        guest: { where: 'source', verified: true },
        timeline: [{ do: 'kill', with: 'destination, KILL', outcome: 'done' }],
      });
      expect(result.error?.message).toContain('SIGKILL');
    });

    test('a host stands still for a while, and goes on', async () => {
      const timeline = 'postcopy+500ms kill host=source signal=STOP forMs=700';
      const result = await completed(() => runOf({ ...postCopy, timeline }));
      expect(result.timeline).toMatchObject([{ outcome: 'done', with: 'source, STOP for 700 ms' }]);
      expect(result.timeline![0]!.tookMs).toBeGreaterThanOrEqual(700);
      const during = result.measurement.series.link.filter(({ atMs }) => {
        const sinceMs = atMs - result.timeline![0]!.atMs!;
        return sinceMs > 200 && sinceMs < 650;
      });
      expect(median(during.map(({ sourceToDestinationMbps }) => sourceToDestinationMbps))).toBeLessThan(5);
    });

    test('a kept testbed has its own link again for the next run', async () => {
      const up: Testbed[] = [];
      const driver: TestbedDriver = {
        ...netnsDriver,
        up: async (options) => {
          const testbed = await netnsDriver.up(options);
          up.push(testbed);
          return testbed;
        },
      };
      const small = { ...document, strategy: 'hybrid', guest: '64MiB', workload: 'idle' };
      const changed = await loadScenario(undefined, { ...small, timeline: '0 link rateMbps=100 delayMs=10' });
      const plain = await loadScenario(undefined, small);
      await using kept = new KeptTestbed();
      for (let attempt = 1; ; attempt++) {
        const first = await runScenario(changed, { driver, testbeds: kept });
        const count = up.length;
        const second = await runScenario(plain, { driver, testbeds: kept });
        if (first.state === 'completed' && second.state === 'completed' && up.length === count) {
          expect(first.timeline).toMatchObject([{ outcome: 'done' }]);
          // Both directions are what they were: 5.5 ms, and no need to shape the link anew.
          expect(Math.abs((second.link.calibration?.rttMs ?? 0) - 5.5)).toBeLessThan(0.3);
          expect(second.link.calibration?.throughputMeasured.runId).toBe(
            first.link.calibration?.throughputMeasured.runId,
          );
          break;
        }
        if (attempt === attempts)
          throw new Error(second.error?.message ?? first.error?.message ?? 'another testbed');
        console.warn(
          `attempt ${attempt}: ${first.error?.message ?? second.error?.message ?? 'another testbed'}`,
        );
      }
      // Measured once more: it carries what it did.
      await kept.close(new AbortController().signal);
      expect(kept.takeRefuted()).toBeNull();
    });

    test('after Ctrl-C in the middle of a story, the next run in livemig up has the right link', async () => {
      const temporary = await mkdtemp(join(tmpdir(), 'lm-'));
      const env = { TMPDIR: temporary };
      const livemig = async (...args: string[]) => {
        const { said, ended } = startLivemig(args, env);
        const [code] = await ended;
        return { code, ...said };
      };
      const common = ['--link', link, '--driver', 'netns'];
      const run = ['run', ...common, '--guest', '64MiB', '--workload', 'idle', '--warmup', '300', '--json', '--out', join(temporary, 'results')]; // prettier-ignore
      try {
        for (let attempt = 1; (await livemig('up', ...common)).code !== 0; attempt++)
          if (attempt === attempts) throw new Error('expected a kept testbed');
        const story = startLivemig(
          [...run, '--strategy', 'pre-copy', '--max-bandwidth', '8', '--timeline', 'active+200ms link rateMbps=20 delayMs=100'],
          env,
        ); // prettier-ignore
        while (!story.said.stderr.includes('timeline: ') && story.child.exitCode === null) await sleep(20);
        await sleep(500);
        story.child.kill('SIGINT');
        expect((await story.ended)[0]).toBe(130);
        expect(JSON.parse(story.said.stdout)).toMatchObject({
          state: 'aborted',
          timeline: [{ outcome: 'done' }],
        });
        const next = JSON.parse((await livemig(...run)).stdout) as RunResult;
        expect(next.link.calibration?.targetRttMs).toBe(5.5);
        expect(Math.abs((next.link.calibration?.rttMs ?? 0) - 5.5)).toBeLessThan(0.5);
      } finally {
        await livemig('down');
        await rm(temporary, { recursive: true, force: true });
      }
    });
  });
