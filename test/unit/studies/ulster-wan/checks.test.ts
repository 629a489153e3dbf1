import { expect, test } from '@jest/globals';
import { judge } from '#harness/trends/index';
import { judgedOne } from '#test/support/judged';
import { controlOf, holdingRuns, studies } from '#test/support/studies';
import { trendRun } from '#test/support/trend-runs';

const holding = holdingRuns();

test('11a is contested whatever is measured', () => {
  const verdict = judgedOne(holding, '11a');
  expect(verdict.verdict).toBe('contested');
  // Most of the table's cells are within 20 % of one times the RAM.
  expect(verdict.explanation).toContain('baseline counted as payload 13 of 20 (unloaded 1, loaded 1 × RAM)');
  expect(verdict.explanation).toMatch(/both counted as \S+ \d of 20/);
  expect(verdict.explanation).toContain('None reproduces all of them');
  expect(verdict.measured).toContain('as physics says');
  const physicalOnly = holding.filter(({ cell }) => (cell['mechanism'] ?? 'baseline') === 'baseline');
  expect(judgedOne(physicalOnly, '11a')).toMatchObject({
    verdict: 'contested',
    explanation: expect.not.stringContaining('hybrid') as unknown as string,
  });
  expect(judgedOne(controlOf('11b').spoil(holding), '11a').measured).toContain('send less in some flavour');
});
test('all ten cells means all ten, but one is enough to refute', () => {
  const nine = holding.filter(
    ({ cell }) => !(cell['link'] === 'halifax' && cell['flavour'] === 'l' && cell['load'] === 'loaded'),
  );
  expect(judgedOne(nine, '8')).toMatchObject({ verdict: 'not measured' });
  expect(judgedOne(nine, '8').explanation).toContain('only 9 of 10 cells measured');
  expect(judgedOne(controlOf('8').spoil(nine), '8').verdict).toBe('fails');
});
test('a check of bytes uses the requested accounting', () => {
  const table = holding.filter(({ part }) => part === 'data-table').map(trendRun);
  const wire = judge(table, studies, { accounting: 'both-hosts' }).find(({ id }) => id === '11a')!;
  expect(wire.estimate!.value).toBeCloseTo(2.08);
  expect(wire.measured).toContain('counted as both-hosts');
});
