import { describe, expect, test } from '@jest/globals';
import type { TrendVerdict } from '#harness/trends/verdict';
import { verdictText } from '#harness/trends/verdict';
import type { ErrorCode } from '#proto/errors';
import { idsWith, judged, judgedOne } from '#test/support/judged';
import { physicalRuns } from '#test/support/physical-model';
import { holdingRuns } from '#test/support/studies';

const holding = holdingRuns();

describe('an honest testbed without the overheads of the time', () => {
  const runs = physicalRuns();
  const verdicts = judged(runs);

  test('fails where the documents measured that overhead', () => {
    expect(idsWith(runs, 'fails')).toEqual(['4a', '4b', '7c', '23']);
  });

  test('holds with the fixed time that the documents give, whatever the scale', () => {
    for (const guestScale of [1, 1 / 16])
      for (const id of ['4a', '4b']) {
        const verdict = judgedOne(physicalRuns({ guestScale, fixedMs: 300 * guestScale }), id);
        expect(verdictText(verdict)).toBe('fails; holds in era openstack-juno-2015 (consistency)');
        expect(verdict.inEras[0]!.withoutFixedTime).toBe('fails');
        expect(verdict.guestScales).toEqual([guestScale]);
      }
    expect(verdicts.get('4a')!.explanation).toContain('Time at no stress, fitted');
  });
});

describe('hybrid everywhere (6d)', () => {
  /** The first attempt at one repetition ends with `error`; the one that completed comes after it. */
  const firstAttempt = (error: ErrorCode, isMadeAgain: boolean): TrendVerdict => {
    const runs = holding.filter(({ part }) => part === 'hybrid');
    const again = { ...runs[0]!, error };
    return judgedOne([again, ...runs.slice(isMadeAgain ? 0 : 1)], '6d');
  };

  test.each([
    ['TESTBED_FAILED', true, 'holds', '54 of 54'],
    ['TESTBED_FAILED', false, 'holds', '53 of 53'],
    ['TIMEOUT', true, 'holds', '54 of 54'],
    ['TIMEOUT', false, 'fails', '53 of 54'],
    ['INTEGRITY_VIOLATED', true, 'fails', '53 of 54'],
  ] as const)('%s, made again: %s: %s', (error, isMadeAgain, verdict, counted) => {
    const found = firstAttempt(error, isMadeAgain);
    expect(found.verdict).toBe(verdict);
    expect(found.measured).toContain(counted);
  });
});

test('a search for the limit without a run on the far side', () => {
  const converged = holding.filter(({ part, error }) => part !== 'pre-copy-limit' || error === undefined);
  expect(judgedOne(converged, '6a')).toMatchObject({ verdict: 'not measured' });
});
