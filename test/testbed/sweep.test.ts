import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readResults } from '#harness/results';
import type { RunResult } from '#harness/result';
import { netnsDriver } from '#harness/testbed/netns/index';
import { endLivemigs, startLivemig } from '../support/livemig-process.ts';
import { processesWith } from '../support/processes.ts';
import { schemaProblems } from '../support/result-schema.ts';
import { monotonicMs } from '#proto/units';

afterAll(endLivemigs, 60_000);

const tiny = fileURLToPath(new URL('../support/tiny-sweep.yaml', import.meta.url));
const support = await netnsDriver.probe();

/** A sweep under way. A noisy machine may spoil runs again and again: as many retries as there can be. */
const start = (out: string, ...args: string[]) =>
  startLivemig(['sweep', tiny, '--out', out, '--retries', '20', ...args]);

const answered = (said: { stderr: string }): number => said.stderr.match(/, downtime /g)?.length ?? 0;

/** Waits until this many runs have been reported. */
const untilAnswered = async ({ child, said }: ReturnType<typeof start>, count: number): Promise<void> => {
  while (answered(said) < count && child.exitCode === null) await sleep(20);
  expect(answered(said)).toBeGreaterThanOrEqual(count);
};

const tracesOf = (pid: number | undefined): string[] => processesWith(`livemig-netns-${String(pid)}-`);

const untilGone = async (pid: number | undefined): Promise<void> => {
  const deadline = monotonicMs() + 20_000;
  while (tracesOf(pid).length > 0 && monotonicMs() < deadline) await sleep(50);
  expect(tracesOf(pid)).toEqual([]);
};

const placeOf = ({ sweep }: RunResult): string => JSON.stringify([sweep?.cell, sweep?.repeat]);

if (!support.supported) test.skip(`livemig sweep: driver netns: ${support.reason}`, () => undefined);
else
  describe('livemig sweep', () => {
    let out = '';
    beforeAll(async () => {
      out = join(await mkdtemp(join(tmpdir(), 'livemig-sweep-')), 'tiny');
    });
    afterAll(() => rm(join(out, '..'), { recursive: true, force: true }));

    test('killed during a run, leaves only what it had stored', async () => {
      const sweep = start(out);
      await untilAnswered(sweep, 2);
      // Into the next run: its agents are up, or on their way.
      await sleep(500);
      sweep.child.kill('SIGKILL');
      await sweep.ended;
      await untilGone(sweep.child.pid);
      expect((await readResults([out])).length).toBeGreaterThanOrEqual(2);
    });

    test('interrupted, ends the run cleanly, and says how to continue', async () => {
      const before = (await readResults([out])).length;
      const sweep = start(out);
      await untilAnswered(sweep, 1);
      sweep.child.kill('SIGINT');
      expect((await sweep.ended)[0]).toBe(130);
      expect(sweep.said.stderr).toContain('run the same command again to resume');
      expect(tracesOf(sweep.child.pid)).toEqual([]);
      expect((await readResults([out])).length).toBeGreaterThan(before);
    });

    test('continues to the end: every cell has its runs, several to a testbed', async () => {
      const sweep = start(out, '--json');
      expect((await sweep.ended)[0]).toBe(0);
      expect(JSON.parse(sweep.said.stdout)).toMatchObject({ name: 'tiny', complete: true });
      expect(sweep.said.stderr).toMatch(/\d of 8 done; \d runs? to go/);

      const results = await readResults([out]);
      for (const result of results) expect(schemaProblems(result)).toEqual([]);
      const completed = results.filter(({ state }) => state === 'completed');
      expect(new Set(completed.map(placeOf)).size).toBe(8);
      expect(completed).toHaveLength(8);
      expect(new Set(results.map((result) => result.sweep?.sweepId)).size).toBe(1);
      expect(results.map((result) => result.sweep?.order)).toEqual(results.map((_, order) => order));

      // Each rests on a throughput that its own run or an earlier one over the same link has measured.
      const byId = new Map(results.map((result) => [result.runId, result]));
      const origins = completed.map(({ link }) => byId.get(link.calibration?.throughputMeasured.runId ?? ''));
      for (const [index, origin] of origins.entries())
        if (origin !== undefined) expect(origin.link.profile).toBe(completed[index]!.link.profile);
      const kept = completed.filter(
        ({ link, runId }) => link.calibration?.throughputMeasured.runId !== runId,
      );
      expect(kept.length).toBeGreaterThan(0);

      const events = await readFile(join(out, 'events', `${completed[0]!.runId}.events.jsonl`), 'utf8');
      expect(events).toContain('"phase":"migrate"');
    });

    test('with nothing left to do, ends quickly', async () => {
      const before = await readFile(join(out, 'runs.jsonl'), 'utf8');
      const sweep = start(out);
      expect((await sweep.ended)[0]).toBe(0);
      expect(sweep.said.stdout).toContain('complete: 4 cells');
      expect(await readFile(join(out, 'runs.jsonl'), 'utf8')).toBe(before);
    });

    test('treats another seed as another definition', async () => {
      const sweep = start(out, '--seed', '9');
      expect((await sweep.ended)[0]).toBe(2);
      expect(sweep.said.stderr).toMatch(/seed was 3, now 9.*--fresh/);
    });
  });
