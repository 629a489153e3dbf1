import { expect, test } from '@jest/globals';
import { tallyOfSweep } from '#test/runner/trends';

test('a sweep that ended counts for nothing by itself: its checks do', () => {
  expect(tallyOfSweep('icclab-10g', 'netns', 0, false)).toEqual({ passed: 0, failures: [], skipped: [] });
});

test('a sweep that was stopped because the tests took too long is skipped, and says why', () => {
  const { failures, skipped } = tallyOfSweep('icclab-10g', 'docker', 130, true);
  expect(failures).toEqual([]);
  expect(skipped).toEqual([
    'trends: sweep icclab-10g --quick, driver docker: stopped, as the tests have taken 75 minutes on this machine; ' +
      '`npm test -- --only trends` runs the sweeps alone',
  ]);
});

test.each([
  { code: 130, isLate: false },
  { code: 1, isLate: false },
  { code: 1, isLate: true },
])('a sweep that ended with $code is a failure (late: $isLate)', ({ code, isLate }) => {
  expect(tallyOfSweep('icclab-10g', 'netns', code, isLate).failures).toEqual([
    `trends: sweep icclab-10g --quick, driver netns, ended with ${code}`,
  ]);
});
