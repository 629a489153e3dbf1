import { describe, expect, test } from '@jest/globals';
import { lastLine, nothing, slowestFiles, sum, tallyOf } from '#test/runner/tally';

const file = (status: string, ...tests: string[]) => ({
  name: 'x.test.ts',
  status,
  message: '',
  startTime: 0,
  endTime: 0,
  assertionResults: tests.map((outcome, index) => ({ fullName: `test ${index}`, status: outcome })),
});
const reportOf = (...testResults: ReturnType<typeof file>[]) => ({ numTotalTests: 0, testResults });

describe('tally', () => {
  test('counts tests by their own outcome', () => {
    const tally = tallyOf('unit', reportOf(file('failed', 'passed', 'failed', 'pending', 'passed')), 1);
    expect(tally).toEqual({ passed: 2, failures: ['unit: test 1'], skipped: ['unit: test 2'] });
    expect(lastLine(tally)).toBe('2 passed, 1 failed, 1 skipped');
  });

  test('a failure says why, without its stack', () => {
    const failed = {
      ...file('failed'),
      assertionResults: [
        {
          fullName: 'it adds',
          status: 'failed',
          failureMessages: [
            'Error: \u001b[2mexpect\u001b[22m(2).toBe(3)\n\n    Expected: 3\n    at sum (x.ts:1:2)',
          ],
        },
      ],
    };
    expect(tallyOf('unit', reportOf(failed), 1).failures).toEqual([
      'unit: it adds: Error: expect(2).toBe(3) · Expected: 3',
    ]);
  });

  test('a file that could not run is a failure', () => {
    expect(tallyOf('unit', reportOf(file('failed')), 1).failures).toEqual(['unit: x.test.ts did not run']);
  });

  test('so are a missing report and an exit code that no test explains', () => {
    expect(tallyOf('unit', undefined, 0).failures).toHaveLength(1);
    expect(tallyOf('unit', reportOf(file('passed', 'passed')), 1).failures).toHaveLength(1);
  });

  test('names the slowest files, and no quick one', () => {
    const took = (name: string, seconds: number) => ({ ...file('passed'), name, endTime: 1000 * seconds });
    const testResults = [took('a', 11), took('b', 9.9), took('c', 70)];
    expect(slowestFiles({ testResults })).toEqual(['   70 s  c', '   11 s  a']);
  });

  test('sums', () => {
    expect(lastLine(sum({ ...nothing, passed: 2 }, { ...nothing, passed: 1, failures: ['x'] }))).toBe(
      '3 passed, 1 failed',
    );
  });
});
