import { describe, expect, test } from '@jest/globals';
import type { ByComparison } from '#harness/compare/by';
import { compareBy } from '#harness/compare/by';
import { byMarkdown, byText } from '#harness/compare/show-by';
import type { RunResult } from '#harness/result';
import { repeated } from '#harness/trends/paper-run';
import type { LivemigError } from '#proto/errors';
import type { PaperRun } from '#test/support/trend-runs';
import { trendRun } from '#test/support/trend-runs';

const links = {
  '1G': { profile: 'lan-1g', mbps: 941, rttMs: 0.2 },
  '10G': { profile: 'lan-10g', mbps: 9400, rttMs: 0.2 },
} as const;

/** Times of two loads over two links: over 10 Gb/s a fifth, whatever the load. */
const runs = (change: (run: Omit<PaperRun, 'repeat'>) => Partial<PaperRun> = () => ({})): RunResult[] =>
  (['1G', '10G'] as const).flatMap((link) =>
    [512, 1024].flatMap((stressMB) => {
      const run: Omit<PaperRun, 'repeat'> = {
        experiment: 'icclab-10g',
        part: 'hybrid',
        cell: { link, stressMB },
        link: links[link],
        totalTimeMs: (stressMB * 10) / (link === '1G' ? 1 : 5),
        downtimeMs: 40,
        transferredBytes: 1e9,
        faults: 100,
      };
      return repeated({ ...run, ...change(run) }, 0.02).map(trendRun);
    }),
  );
const options = { threshold: 0.1, base: null };
const totals = ({ cells }: ByComparison) =>
  cells.map(({ name, others }) => [
    name,
    others.map(({ value, quantities }) => {
      const total = quantities.find((quantity) => quantity.name === 'totalTimeMs');
      return [value, total?.ratio?.value.toFixed(2), total?.verdict];
    }),
  ]);
const problemsOf = (set: readonly RunResult[], by: string, more = {}): readonly string[] => {
  try {
    compareBy(set, by, { ...options, ...more });
  } catch (error) {
    expect((error as LivemigError).code).toBe('BAD_INPUT');
    return (error as LivemigError).problems;
  }
  return [];
};

describe('a set compared along a label of its sweep', () => {
  const comparison = compareBy(runs(), 'link', options);

  test('puts runs together that differ in nothing else, and names them by what they differ in', () => {
    expect(totals(comparison)).toEqual([
      ['stressMB 512', [['lan-10g', '0.20', 'improvement']]],
      ['stressMB 1024', [['lan-10g', '0.20', 'improvement']]],
    ]);
  });

  test('sees what goes with it, as the label itself and the figures of the link', () => {
    expect(comparison.along).toContain('sweep.cell.link');
    expect(comparison.along).not.toContain('sweep.cell.stressMB');
  });

  test('is said in words that fit: better and worse, not regressed', () => {
    const text = byText(comparison);
    expect(text).toMatch(/stressMB 512\n {2}completed/);
    expect(text).toMatch(/ {2}totalTimeMs +lan-1g +5\.\d+ s\n +lan-10g +1\.0\d+ s +0\.200 \[.*\] × +better/);
    expect(text).not.toMatch(/regression|NaN|undefined/i);
    expect(byMarkdown(comparison)).toMatch(/^## By link\n/);
  });

  test('may have another base', () => {
    expect(totals(compareBy(runs(), 'link', { ...options, base: 'lan-10g' }))[0]).toEqual([
      'stressMB 512',
      [['lan-1g', '5.00', 'regression']],
    ]);
  });
});

test('numbers are in their order', () => {
  const { values, base } = compareBy(runs(), 'stressMB', options);
  expect([values, base]).toEqual([['512', '1024'], '512']);
});

test('a small difference is none, and few runs decide nothing', () => {
  const alike = runs(({ totalTimeMs }) => ({ totalTimeMs: 1000 + totalTimeMs / 1e6 }));
  expect(totals(compareBy(alike, 'link', options))[0]).toEqual(['stressMB 512', [['lan-10g', '1.00', 'unchanged']]]);
  const few = alike.filter((_, index) => index % 3 === 0);
  expect(totals(compareBy(few, 'link', options))[0]).toEqual(['stressMB 512', [['lan-10g', '1.00', 'too few']]]);
}); // prettier-ignore

test('what can’t be compared is refused, with what there is', () => {
  expect(problemsOf(runs(), 'lnik')[0]).toMatch(/--by: .*did you mean "link"/);
  expect(problemsOf(runs(), 'link', { base: 'lan-1' })[0]).toMatch(/--base: .*lan-1g/);
  expect(problemsOf(runs(), 'strategy')[0]).toMatch(/expected runs with two values of it or more, got only hybrid/);
  expect(problemsOf([], 'driver')[0]).toMatch(/got none/);
  const [first, second] = [runs().slice(0, 3), runs().slice(-3)];
  expect(problemsOf([...first, ...second], 'warmupMs')[0]).toMatch(/two values of it or more/);
}); // prettier-ignore
