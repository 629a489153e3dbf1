import { expect, test } from '@jest/globals';
import { endedResult, startRecord } from '#harness/run/record';
import { Ledger } from '#harness/sweep/ledger';
import { isGivenUp, tryUntilAnswered } from '#harness/sweep/tries';
import type { ErrorCode } from '#proto/errors';
import { LivemigError } from '#proto/errors';
import { completedPaperResult } from '#test/support/paper-result';
import { scriptedScenario } from '#test/support/scripted-testbed';

type Outcome = ErrorCode | 'completed';

const resultOf = (outcome: Outcome) =>
  outcome === 'completed'
    ? completedPaperResult()
    : endedResult(startRecord(scriptedScenario), new LivemigError(outcome, 'so it is'));

/** Runs that end as specified, and what became of each. */
const tried = async (outcomes: readonly Outcome[], retries: number, abortAfter = Infinity) => {
  const fates: string[] = [];
  const told: number[] = [];
  const abort = new AbortController();
  const once = async () => {
    const outcome = outcomes[fates.length]!;
    const at = fates.push('open') - 1;
    if (fates.length >= abortAfter) abort.abort();
    const keep = async () => {
      fates[at] = 'kept';
      return outcome;
    };
    const drop = async () => void (fates[at] = 'dropped');
    return { result: resultOf(outcome), keep, drop };
  };
  const kept = await tryUntilAnswered(retries, abort.signal, once, (_, tries) => told.push(tries));
  return { kept, fates, told };
};

test('a run is repeated until it has an answer, and the last one is kept', async () => {
  const outcomes = ['CROSS_CHECK_FAILED', 'LINK_OUT_OF_TOLERANCE', 'completed'] as const;
  expect(await tried(outcomes, 2)).toEqual({
    kept: 'completed',
    fates: ['dropped', 'dropped', 'kept'],
    told: [1, 2],
  });
  expect(await tried(outcomes, 1)).toEqual({
    kept: 'LINK_OUT_OF_TOLERANCE',
    fates: ['dropped', 'kept'],
    told: [1],
  });
});

test('without retries nothing is repeated', async () => {
  expect(await tried(['CROSS_CHECK_FAILED'], 0)).toEqual({
    kept: 'CROSS_CHECK_FAILED',
    fates: ['kept'],
    told: [],
  });
});

test.each<[Outcome]>([
  ['completed'],
  ['NOT_CONVERGED'],
  ['INTEGRITY_VIOLATED'],
  ['PROTOCOL_VIOLATION'],
  ['UNSUPPORTED'],
  // `livemig cancel`
  ['CANCELLED'],
])('%s is not tried again', async (outcome) => {
  expect(await tried([outcome], 5)).toEqual({ kept: outcome, fates: ['kept'], told: [] });
});

test('after Ctrl-C nothing is repeated', async () => {
  expect((await tried(['TIMEOUT', 'TIMEOUT', 'completed'], 5, 2)).fates).toEqual(['dropped', 'kept']);
});

test('a sweep gives up when a single run would', () => {
  const trial = { part: 'p', labels: {}, repeat: 0 };
  for (const retries of [0, 1, 3]) {
    const ledger = new Ledger(retries);
    const failures: 'doubt'[] = [];
    for (let run = 0; run <= retries + 1; run += 1) {
      expect(ledger.isGivenUp(trial as never)).toBe(isGivenUp(failures, retries));
      ledger.add({
        ...trial,
        runId: String(run),
        state: 'invalid',
        errorCode: 'CROSS_CHECK_FAILED',
        durationMs: 1,
      });
      failures.push('doubt');
    }
    expect(isGivenUp(failures, retries)).toBe(true);
  }
});
