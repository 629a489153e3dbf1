import { describe, expect, test } from '@jest/globals';
import type { CompletedRun, RunResult } from '#harness/result';
import { runScenario } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { loadDriver } from '#harness/testbed/index';

const support = await (await loadDriver('docker')).probe();
const attempts = 5;

const runOf = async (change: object): Promise<RunResult> =>
  runScenario(
    await loadScenario(undefined, {
      ...{ link: 'coleraine-dublin-1g', driver: 'docker', workload: 'idle', warmupMs: 300 },
      ...change,
    }),
  );

/** A busy machine may spoil a run, rightly refused as invalid: once more then. */
const completed = async (change: object): Promise<CompletedRun> => {
  for (let attempt = 1; ; attempt++) {
    const result = await runOf(change);
    if (result.state === 'completed') return result;
    if (result.state !== 'invalid' || attempt === attempts) throw new Error(result.error.message);
    console.warn(`attempt ${attempt}: ${result.error.message}`);
  }
};

if (!support.supported) test.skip(`a timeline in docker: ${support.reason}`, () => undefined);
else
  describe('a timeline in docker', () => {
    test('the link changes under a migration, and a host stands still for a while', async () => {
      const result = await completed({
        strategy: 'post-copy',
        guest: '160MiB,baseFootprint=128MiB',
        limits: { maxPostcopyBandwidthMbps: 300 },
        timeline:
          'postcopy+500ms kill host=source signal=STOP forMs=600; postcopy+1500ms link rateMbps=100 delayMs=30',
      });
      expect(result.timeline).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }]);
      const { series } = result.measurement;
      const [stopped, changed] = result.timeline!.map(
        ({ atMs, tookMs }) => [atMs!, atMs! + tookMs!] as const,
      );
      const mbpsIn = (fromMs: number, untilMs: number): number =>
        Math.max(...series.link.filter(({ atMs }) => atMs > fromMs && atMs <= untilMs).map((at) => at.sourceToDestinationMbps)); // prettier-ignore
      expect(mbpsIn(stopped![0] + 250, stopped![0] + 550)).toBeLessThan(5);
      expect(mbpsIn(changed![1] + 500, changed![1] + 2000)).toBeLessThan(110);
      // Negative control: before both it was faster.
      expect(mbpsIn(stopped![0] - 400, stopped![0])).toBeGreaterThan(250);
    });

    test('a host dies', async () => {
      const limits = { maxBandwidthMbps: 16 };
      const result = await runOf({
        ...{ strategy: 'pre-copy', guest: '64MiB', limits },
        timeline: 'active+500ms kill host=destination',
      });
      expect(result).toMatchObject({
        state: 'failed',
        error: { code: 'AGENT_UNREACHABLE' },
        guest: { where: 'source', verified: true },
        timeline: [{ do: 'kill', outcome: 'done' }],
      });
    });
  });
