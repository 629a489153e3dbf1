import { expect, test } from '@jest/globals';
import { tallyOfTrends } from '#test/runner/trend-tally';
import { verdictOf } from './verdict-of.ts';

test('a check that holds is a test that passed', () => {
  expect(tallyOfTrends([verdictOf('1a', 'holds'), verdictOf('2a', 'holds')], [])).toEqual({
    passed: 2,
    failures: [],
    skipped: [],
  });
});

test('a failed check is red, with the measured and the expected value', () => {
  expect(tallyOfTrends([verdictOf('1a', 'fails')], [])).toEqual({
    passed: 0,
    failures: ['trends: 1a: it grows: measured 1.2, expected ≥ 2'],
    skipped: [],
  });
});

test('a failure with a measured reason does not pass, but shows the reason', () => {
  const knownFailures = [{ id: '1a', on: '2026-11-21', reason: 'no fixed overhead' }];
  const tally = tallyOfTrends(
    [verdictOf('1a', 'fails'), verdictOf('1b', 'fails')],
    [{ name: 'mine', knownFailures }],
  );
  expect(tally.passed).toBe(0);
  expect(tally.failures).toHaveLength(1);
  expect(tally.failures[0]).toContain('1b');
  expect(tally.skipped).toEqual(['trends: 1a: it grows: known to fail since 2026-11-21: no fixed overhead']);
});

test('a reason that needs a busy machine comes with how busy it was; elsewhere the failure is red', () => {
  const knownFailures = [{ id: '1a', on: '2026-11-27', reason: 'no time left', machineBusyAtLeast: 0.9 }];
  const tallyAt = (machineBusyShare: number) =>
    tallyOfTrends(
      [{ ...verdictOf('1a', 'fails'), busiestCell: { cell: 'hybrid link=1G', machineBusyShare } }],
      [{ name: 'mine', knownFailures }],
    );
  expect(tallyAt(0.95)).toMatchObject({
    failures: [],
    skipped: [
      'trends: 1a: it grows: known to fail since 2026-11-27: no time left ' +
        'Here: measured 1.2, expected ≥ 2; the machine was 95 % busy at hybrid link=1G.',
    ],
  });
  expect(tallyAt(0.5).failures).toEqual([
    'trends: 1a: it grows: measured 1.2, expected ≥ 2; the machine was 50 % busy at hybrid link=1G',
  ]);
});

test.each(['contested', 'not measured'] as const)('what is %s has not passed', (verdict) => {
  expect(tallyOfTrends([verdictOf('11a', verdict)], [])).toEqual({
    passed: 0,
    failures: [],
    skipped: [`trends: 11a: it grows: ${verdict}: two repetitions of three`],
  });
});

test('a failure whose confidence interval crosses the bound is undecided: neither red nor passed', () => {
  const near = { ...verdictOf('1b', 'fails'), isNearBound: true };
  expect(tallyOfTrends([near], [])).toEqual({
    passed: 0,
    failures: [],
    skipped: ['trends: 1b: it grows: undecided: measured 1.2, expected ≥ 2'],
  });
});
