import { expect, test } from '@jest/globals';
import type { TrendVerdict, VerdictName } from '../../../harness/trends/index.ts';
import { tallyOfTrends } from '../../runner/trend-tally.ts';

const verdictOf = (id: string, verdict: VerdictName): TrendVerdict => ({
  id,
  trend: Number.parseInt(id, 10),
  statement: 'it grows',
  document: 'd',
  table: 't',
  published: '2',
  measured: '1.2',
  estimate: null,
  isNearBound: false,
  tolerance: '≥ 2',
  verdict,
  backends: ['nfqueue'],
  drivers: ['netns'],
  variant: '',
  guestScales: [1],
  explanation: 'two repetitions of three',
  runIds: [],
});

test('a check that holds is a test that passed', () => {
  expect(tallyOfTrends([verdictOf('1a', 'holds'), verdictOf('2a', 'holds')], [])).toEqual({
    passed: 2,
    failures: [],
    skipped: [],
  });
});

test('a failed check is red, with what was measured and expected', () => {
  expect(tallyOfTrends([verdictOf('1a', 'fails')], [])).toEqual({
    passed: 0,
    failures: ['trends: 1a: it grows: measured 1.2, expected ≥ 2'],
    skipped: [],
  });
});

test('a failure whose reason was measured does not pass, but shows the reason', () => {
  const known = [{ id: '1a', on: '2026-11-21', reason: 'no fixed overhead' }];
  const tally = tallyOfTrends([verdictOf('1a', 'fails'), verdictOf('1b', 'fails')], known);
  expect(tally.passed).toBe(0);
  expect(tally.failures).toHaveLength(1);
  expect(tally.failures[0]).toContain('1b');
  expect(tally.skipped).toEqual(['trends: 1a: it grows: known to fail since 2026-11-21: no fixed overhead']);
});

test.each(['contested', 'not measured'] as const)('what is %s has not passed', (verdict) => {
  expect(tallyOfTrends([verdictOf('11a', verdict)], [])).toEqual({
    passed: 0,
    failures: [],
    skipped: [`trends: 11a: it grows: ${verdict}: two repetitions of three`],
  });
});

test('a failure whose confidence interval reaches over the bound is undecided: neither red nor passed', () => {
  const near = { ...verdictOf('1b', 'fails'), isNearBound: true };
  expect(tallyOfTrends([near], [])).toEqual({
    passed: 0,
    failures: [],
    skipped: ['trends: 1b: it grows: undecided: measured 1.2, expected ≥ 2'],
  });
});
