import { expect, test } from '@jest/globals';
import { checksSection } from '#harness/report/page/checks';
import { reportInputOf } from '#test/support/report-input';
import { shownRuns } from '#test/support/shown-runs';

const { judgement } = reportInputOf(shownRuns());
const verdict = { ...judgement.verdicts[0]!, inEras: [] };
const pageOf = (explanation: string | null): string =>
  checksSection({ ...judgement, verdicts: [{ ...verdict, explanation }] }, [], {
    ids: new Map(),
    runs: new Map(),
  }).text;

test('a long explanation is folded, a short one is not', () => {
  const long = 'a machine that was busy '.repeat(20);
  expect(pageOf(long)).toMatch(
    /<details class="explanation">\s*<summary>Explanation<\/summary>\s*<p>a machine/,
  );
  expect(pageOf('two runs are missing')).toContain('<p>two runs are missing</p>');
  for (const text of ['two runs are missing', null])
    expect(pageOf(text)).not.toContain('class="explanation"');
});

test('studies without runs are named', () => {
  const { text } = checksSection(judgement, ['mine', 'a <b>'], { ids: new Map(), runs: new Map() });
  expect(text).toContain('No runs here of mine, a &lt;b&gt;: their checks are left out.');
  expect(pageOf(null)).not.toContain('No runs here of');
});
