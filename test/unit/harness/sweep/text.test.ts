import { describe, expect, test } from '@jest/globals';
import { LivemigError } from '#proto/errors';
import { endedResult, startRecord } from '#harness/run/record';
import { Ledger } from '#harness/sweep/ledger';
import type { MadeRun } from '#harness/sweep/ledger';
import { neededBytes, refusedCells } from '#harness/sweep/memory';
import { planOf } from '#harness/sweep/plan';
import { SweepState } from '#harness/sweep/state';
import { outcomeText, planText, runLine } from '#harness/sweep/text';
import { completedPaperResult } from '#test/support/paper-result';
import { expansionOf } from '#test/support/sweep-file';

const blocks = planOf(
  expansionOf(`
name: a
guestScale: 1
repeats: 2
seed: 1
base: { guest: '16GiB,baseFootprint=64MiB' }
parts:
  p: { grid: { link: [lan-1g, lan-10g], mb: { 0: { workload: idle }, 8192: { workload: 'stress:8GiB' } } } }
  long-name: { repeats: 1, scenario: { strategy: pre-copy }, grid: { link: [lan-1g] }, bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: 128, scale: geometric, resolution: 1.5 } }
`),
  { seed: 1, blockRuns: 8 },
);
const trial = { part: 'p', labels: { link: 'lan-1g', mb: 0 }, repeat: 1 };
const trials = blocks.flatMap((block) => (block.kind === 'trials' ? block.trials : []));
const scenario = trials[0]!.scenario;
const progress = { done: 3, total: 12, remainingMs: 125_000 };
const made = (part: string, labels: MadeRun['labels'], repeat: number, converged = true): MadeRun => ({
  runId: JSON.stringify([part, labels, repeat]),
  part, labels, repeat,
  state: converged ? 'completed' : 'failed',
  errorCode: converged ? null : 'NOT_CONVERGED',
  durationMs: 30_000,
}); // prettier-ignore
const ended = (error: LivemigError) => endedResult(startRecord(scenario), error);

describe('one line per run', () => {
  const line = (
    ...[result, meaning, isGivenUp]: [Parameters<typeof runLine>[1], Parameters<typeof runLine>[2], boolean]
  ) => runLine({ ...trial, scenario }, result, meaning, isGivenUp, progress);
  test.each([
    [completedPaperResult(), 'answer' as const, false, '2.04 s, downtime 40 ms, '],
    [ended(new LivemigError('NOT_CONVERGED', 'x')), 'answer' as const, false, 'does not converge'],
    [
      ended(new LivemigError('CROSS_CHECK_FAILED', 'x')),
      'doubt' as const,
      false,
      'invalid, will be repeated: CROSS_CHECK_FAILED: x',
    ],
    [
      ended(new LivemigError('CROSS_CHECK_FAILED', 'x')),
      'doubt' as const,
      true,
      'invalid: CROSS_CHECK_FAILED: x',
    ],
  ])('%#', (result, meaning, isGivenUp, expected) => {
    expect(line(result, meaning, isGivenUp)).toContain(
      `[3/12, 2 min 05 s left] p link=lan-1g mb=0 #2: ${expected}`,
    );
  });
});

test('a plan says what will run, what is there already, and what this machine cannot do', () => {
  const state = new SweepState(blocks, 3, [made('p', { mb: 0, link: 'lan-1g' }, 0)]);
  const refused = refusedCells(blocks, 4 * 2 ** 30);
  const text = planText('a title', state.cells, state.openBlocks, state.progress, refused);
  expect(text).toMatch(
    /^a title\n {2}long-name {2}1 bisection: link lan-1g\n {2}p {10}4 cells, 8 runs: link lan-1g lan-10g × mb 0 8192\n/,
  );
  expect(text).toMatch(
    /unsupported: p link=lan-1g mb=8192: the guest touches 8.06 GiB, at source and destination/,
  );
  expect(refused).toHaveLength(2);
  expect(text).toMatch(/1 of 11 done; 10 runs to go in 3 blocks, about [\d.]+ min .*s$/);
});

test('a run needs two copies of what the guest touches, not of its RAM', () => {
  const of = (mb: number) => neededBytes(trials.find(({ labels }) => labels['mb'] === mb)!.scenario);
  expect(of(8192) - of(0)).toBe(2 * 8 * 2 ** 30);
  expect(of(0)).toBeLessThan(3 * 2 ** 30);
});

describe('the outcome', () => {
  const outcome = (runs: MadeRun[]) => {
    const state = new SweepState(blocks, 3, runs);
    return { state, text: outcomeText(state.cells, [], 'results/a') };
  };
  const answers = trials.map(({ part, labels, repeat }) => made(part, labels, repeat));
  const found = [32, 45.3, 64].map((mb) => made('long-name', { link: 'lan-1g', mb }, 0, mb < 40));

  test('is complete with every run and every limit', () => {
    const { state, text } = outcome([...answers, ...found]);
    expect(state.isComplete).toBe(true);
    expect(text).toBe(
      'complete: 5 cells, each with all of its runs\n' +
        '  long-name link=lan-1g #1: converges up to 32, not at 45.3\nresults in results/a',
    );
  });

  test('names what is missing', () => {
    const { state, text } = outcome([...answers.slice(1), ...found.slice(1)]);
    expect(state.isComplete).toBe(false);
    expect(text).toContain('2 of 5 cells lack runs\n  long-name link=lan-1g: 0 of 1\n');
    expect(text).toMatch(/p link=lan-1?\w+ mb=\d+: 1 of 2/);
  });

  test('reports runs without an answer, by how they ended', () => {
    const mishap = (message: string) => ({
      trial: { ...trial, scenario },
      state: 'invalid' as const,
      message,
    });
    const text = outcomeText([], [mishap('CROSS_CHECK_FAILED: x'), mishap('y')], 'out');
    expect(text).toMatch(
      /^2 runs ended as invalid:\n {2}p link=lan-1g mb=0 #2: CROSS_CHECK_FAILED: x\n {2}p .* y\n/,
    );
  });
});

test('counts the runs that have an answer', () => {
  expect(new SweepState(blocks, 3, []).progress).toMatchObject({ done: 0, total: 8 + 3 });
  expect(new Ledger(3).next(blocks[0]!)).not.toBeNull();
});
