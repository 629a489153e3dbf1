import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '#proto/errors';
import type { RunState } from '#harness/result';
import { Ledger } from '#harness/sweep/ledger';
import { meaningOf } from '#harness/sweep/tries';
import type { MadeRun } from '#harness/sweep/ledger';
import { planOf } from '#harness/sweep/plan';
import type { Block, Trial } from '#harness/sweep/plan';
import { expansionOf } from '#test/support/sweep-file';

const head = 'name: a\nguestScale: 1\nrepeats: 2\nseed: 1\n';
const gridBlock = planOf(expansionOf(`${head}parts: { a: { grid: { seedless: { x: {}, y: {} } } } }`), {
  seed: 1,
  blockRuns: 8,
})[0]!;
const searchBlock = planOf(
  expansionOf(
    `${head}parts: { b: { repeats: 1, grid: { link: [lan-1g] }, bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: 128, scale: geometric, resolution: 1.5 } } }`,
  ),
  { seed: 1, blockRuns: 8 },
)[0]!;

let runs = 0;
const made = (trial: Trial, state: RunState, errorCode: ErrorCode | null = null): MadeRun => ({
  runId: `run-${runs++}`,
  part: trial.part,
  labels: trial.labels,
  repeat: trial.repeat,
  state,
  errorCode,
  durationMs: 1000,
});

const nextOf = (ledger: Ledger, block: Block): Trial => {
  const trial = ledger.next(block);
  expect(trial).not.toBeNull();
  return trial!;
};

test.each<[RunState, ErrorCode | null, string]>([
  ['completed', null, 'answer'],
  ['failed', 'NOT_CONVERGED', 'answer'],
  ['invalid', 'LINK_OUT_OF_TOLERANCE', 'doubt'],
  ['invalid', 'CROSS_CHECK_FAILED', 'doubt'],
  ['failed', 'AGENT_UNREACHABLE', 'doubt'],
  ['failed', 'TESTBED_FAILED', 'doubt'],
  ['failed', 'INTEGRITY_VIOLATED', 'finding'],
  ['failed', 'PROTOCOL_VIOLATION', 'finding'],
  ['unsupported', 'UNSUPPORTED', 'unsupported'],
])('%s (%s) is %s', (state, errorCode, meaning) => {
  expect(meaningOf({ state, errorCode })).toBe(meaning);
});

describe('a block of trials', () => {
  test('is run in order, each trial until it has an answer', () => {
    const ledger = new Ledger(3);
    const order: Trial[] = [];
    for (let trial = ledger.next(gridBlock); trial !== null; trial = ledger.next(gridBlock)) {
      order.push(trial);
      ledger.add(made(trial, 'completed'));
    }
    expect(order).toEqual(gridBlock.kind === 'trials' ? gridBlock.trials : []);
    expect(ledger.isComplete(gridBlock)).toBe(true);
  });

  test('makes second tries after all first ones, and gives up after a few', () => {
    const ledger = new Ledger(2);
    const bad = nextOf(ledger, gridBlock);
    const order: Trial[] = [];
    for (let trial = ledger.next(gridBlock); trial !== null; trial = ledger.next(gridBlock)) {
      order.push(trial);
      ledger.add(trial === bad ? made(trial, 'invalid', 'CROSS_CHECK_FAILED') : made(trial, 'completed'));
    }
    expect(order).toHaveLength(4 + 2);
    expect(order.flatMap((trial, at) => (trial === bad ? [at] : []))).toEqual([0, 4, 5]);
    expect(ledger.isGivenUp(bad)).toBe(true);
    expect(ledger.isComplete(gridBlock)).toBe(false);
  });

  test('does not repeat a finding, so that it is not lost among good runs', () => {
    const ledger = new Ledger(5);
    const broken = nextOf(ledger, gridBlock);
    ledger.add(made(broken, 'failed', 'INTEGRITY_VIOLATED'));
    expect(ledger.isGivenUp(broken)).toBe(true);
    expect(ledger.next(gridBlock)).not.toBe(broken);
  });

  test('no longer counts a refuted answer', () => {
    const ledger = new Ledger(1);
    const first = nextOf(ledger, gridBlock);
    const run = made(first, 'completed');
    ledger.add(run);
    ledger.refute([run.runId, 'another']);
    expect(ledger.answerTo(first)).toBeUndefined();
    expect(ledger.failuresOf(first)).toEqual(['doubt']);
    expect(ledger.isGivenUp(first)).toBe(false);
  });

  test('counts answers from earlier runs, whatever the order of the labels', () => {
    const trials = gridBlock.kind === 'trials' ? gridBlock.trials : [];
    const stored = [
      made(trials[0]!, 'completed'),
      made(trials[1]!, 'invalid', 'CROSS_CHECK_FAILED'),
      made(trials[2]!, 'unsupported', 'UNSUPPORTED'),
    ];
    const ledger = new Ledger(0, stored);
    expect(ledger.answerTo(trials[0]!)).toBe(stored[0]);
    expect(ledger.next(gridBlock)).toBe(trials[1]);
    expect(ledger.isGivenUp(trials[2]!)).toBe(false);
  });
});

describe('a search', () => {
  test('asks for the values that its outcomes call for, and is complete when they settle it', () => {
    const ledger = new Ledger(3);
    const values: unknown[] = [];
    for (let trial = ledger.next(searchBlock); trial !== null; trial = ledger.next(searchBlock)) {
      const mb = Number(trial.labels['mb']);
      values.push(mb);
      ledger.add(mb < 40 ? made(trial, 'completed') : made(trial, 'failed', 'NOT_CONVERGED'));
    }
    expect(values).toEqual([32, 64, 45.3]);
    expect(ledger.isComplete(searchBlock)).toBe(true);
    const search = searchBlock.kind === 'search' ? searchBlock.search : null;
    expect(ledger.stepOf(search!)).toEqual({ converged: 32, notConverged: 45.3 });
  });

  test('repeats a doubtful value before it continues, and ends without a result if that never helps', () => {
    const ledger = new Ledger(1);
    const first = nextOf(ledger, searchBlock);
    ledger.add(made(first, 'invalid', 'CROSS_CHECK_FAILED'));
    expect(nextOf(ledger, searchBlock).labels).toEqual(first.labels);
    ledger.add(made(first, 'invalid', 'LINK_OUT_OF_TOLERANCE'));
    expect(ledger.next(searchBlock)).toBeNull();
    expect(ledger.isComplete(searchBlock)).toBe(false);
  });

  test('steps back when an outcome it relied on is refuted', () => {
    const ledger = new Ledger(3);
    const first = nextOf(ledger, searchBlock);
    const run = made(first, 'completed');
    ledger.add(run);
    expect(nextOf(ledger, searchBlock).labels['mb']).toBe(64);
    ledger.refute([run.runId]);
    expect(nextOf(ledger, searchBlock).labels['mb']).toBe(32);
  });
});
