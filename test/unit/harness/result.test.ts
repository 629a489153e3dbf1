import { describe, expect, test } from '@jest/globals';
import { resultJsonSchema, runResultSchema } from '#harness/result';
import { endedResult, startRecord, stateOf } from '#harness/run/record';
import { errorCodes, LivemigError } from '#proto/errors';
import { schemaProblems, schemaText } from '#test/support/result-schema';
import { completedPaperResult } from '#test/support/paper-result';
import { scriptedScenario } from '#test/support/scripted-testbed';

describe('the schema of results', () => {
  test('is up to date in schemas/ (node setup/result-schema.ts writes it)', () => {
    expect(JSON.parse(schemaText())).toEqual(JSON.parse(JSON.stringify(resultJsonSchema())));
  });

  test('accepts a completed and a failed run', () => {
    expect(schemaProblems(completedPaperResult())).toEqual([]);
    const failed = endedResult(startRecord(scriptedScenario), new LivemigError('TIMEOUT', 'too long'));
    expect(schemaProblems(failed)).toEqual([]);
    expect(runResultSchema.parse(failed)).toEqual(failed);
  });

  test.each([
    ['a failure with a number', { state: 'failed', error: { code: 'TIMEOUT', message: '' } }],
    ['a completed run without one', { measurement: null }],
    ['a completed run whose pages were not compared', { integrity: null }],
    ['a completed run with an error', { error: { code: 'TIMEOUT', message: '' } }],
    ['an unknown state', { state: 'fine' }],
    ['a later schema', { schemaVersion: 2 }],
    ['no date', { startedAt: 'yesterday' }],
    ['another field', { luck: 1 }],
  ])('refuses %s', (_, change) => {
    expect(schemaProblems({ ...completedPaperResult(), ...change })).not.toEqual([]);
  });

  test('refuses NaN, which JSON turns into null', () => {
    const result = structuredClone(completedPaperResult());
    result.measurement!.downtimeMs = NaN;
    expect(schemaProblems(result)).not.toEqual([]);
  });
});

describe('the state of a run', () => {
  test('follows from its error', () => {
    const states = Object.fromEntries(errorCodes.map((code) => [code, stateOf(code)]));
    expect(states).toMatchObject({
      CANCELLED: 'aborted', UNSUPPORTED: 'unsupported', LINK_OUT_OF_TOLERANCE: 'invalid', CROSS_CHECK_FAILED: 'invalid',
      NOT_CONVERGED: 'failed', INTEGRITY_VIOLATED: 'failed', TIMEOUT: 'failed', INTERNAL: 'failed',
    }); // prettier-ignore
  });
});
