import { describe, expect, test } from '@jest/globals';
import type { ComparedCell, ComparedQuantity, Comparison } from '../../../../harness/compare/compare.ts';
import { compareRuns } from '../../../../harness/compare/compare.ts';
import { comparisonMarkdown, comparisonText } from '../../../../harness/compare/show.ts';
import type { RunResult } from '../../../../harness/result.ts';
import type { LivemigError } from '../../../../proto/errors.ts';
import type { PaperRun } from '../../../support/trend-runs.ts';
import { repeats, trendRun } from '../../../support/trend-runs.ts';

const paper = (change: Partial<PaperRun> = {}, spread = 0.02): PaperRun[] =>
  repeats(
    {
      experiment: 'icclab-10g',
      part: 'hybrid',
      cell: { link: '1G', stressMB: 1024 },
      link: { profile: 'lan-1g', mbps: 941, rttMs: 0.2 },
      totalTimeMs: 10_000,
      downtimeMs: 40,
      transferredBytes: 1e9,
      faults: 100,
      ...change,
    },
    spread,
  );
const runs = (change: Partial<PaperRun> = {}, spread?: number): RunResult[] =>
  paper(change, spread).map(trendRun);
const compare = (a: RunResult[], b: RunResult[], options = {}): Comparison =>
  compareRuns(a, b, { threshold: 0.1, acrossBackends: false, ...options });
const cellOf = (comparison: Comparison): ComparedCell => comparison.cells[0]!;
const quantity = (comparison: Comparison, name: string): ComparedQuantity =>
  cellOf(comparison).quantities.find((each) => each.name === name)!;
const by = (set: RunResult[], backend: 'netem' | 'nfqueue'): RunResult[] =>
  set.map((run) => ({ ...run, link: { ...run.link, backend } }));

describe('a change', () => {
  test('is none between a set and itself', () => {
    const comparison = compare(runs(), runs());
    expect(comparison.counts).toEqual({
      regression: 0,
      improvement: 0,
      unchanged: 7,
      'too few': 0,
      'no ratio': 0,
    });
    expect(quantity(comparison, 'totalTimeMs')).toMatchObject({ a: 10_000, b: 10_000, ratio: { value: 1 } });
  });

  test.each([
    ['totalTimeMs', { totalTimeMs: 12_000 }, 'regression'],
    ['totalTimeMs', { totalTimeMs: 8000 }, 'improvement'],
    ['downtimeMs', { downtimeMs: 60 }, 'regression'],
    ['ram.transferred', { transferredBytes: 1.2e9 }, 'regression'],
    ['pageGoodputMbps', { transferredBytes: 0.8e9 }, 'regression'],
    ['pageGoodputMbps', { transferredBytes: 1.2e9 }, 'improvement'],
    ['faults.p50Us', { faultP50Ms: 2 }, 'regression'],
    ['totalTimeMs', { totalTimeMs: 10_500 }, 'unchanged'],
  ] as const)('%s with %j is %s', (name, change, verdict) => {
    expect(quantity(compare(runs(), runs(change)), name).verdict).toBe(verdict);
  });

  test('may be chance where the interval reaches under the threshold', () => {
    const noisy = compare(runs(), runs({ totalTimeMs: 11_500 }, 0.08));
    expect(quantity(noisy, 'totalTimeMs').ratio!.value).toBeGreaterThan(1.1);
    expect(quantity(noisy, 'totalTimeMs').verdict).toBe('unchanged');
  });

  test('goes by the threshold that is asked for', () => {
    const slower = runs({ totalTimeMs: 12_000 });
    expect(quantity(compare(runs(), slower, { threshold: 0.3 }), 'totalTimeMs').verdict).toBe('unchanged');
  });

  test('takes three runs of both', () => {
    const comparison = compare(runs(), runs({ totalTimeMs: 20_000 }).slice(1));
    expect(quantity(comparison, 'totalTimeMs').verdict).toBe('too few');
    expect(comparison.counts.regression).toBe(0);
  });

  test('is also that runs fail which completed before', () => {
    const failed = runs({ error: 'TIMEOUT' });
    const comparison = compare(runs(), failed);
    expect(quantity(comparison, 'completed')).toMatchObject({ a: 1, b: 0, verdict: 'regression' });
    expect(cellOf(comparison).quantities).toHaveLength(1);
    expect(quantity(compare(failed, runs()), 'completed').verdict).toBe('no ratio');
    expect(quantity(compare(failed, failed), 'completed').verdict).toBe('unchanged');
  });
});

describe('cells', () => {
  test('are matched by sweep, part, labels in any order, and scale', () => {
    const swapped = runs({ cell: { stressMB: 1024, link: '1G' } });
    expect(compare(runs(), swapped).cells).toHaveLength(1);
    const scaled = compare(runs(), runs({ guestScale: 0.5 }));
    expect(scaled.cells).toEqual([]);
    expect(scaled.onlyInA).toEqual(['icclab-10g: hybrid link=1G, stressMB=1024, κ_M 1']);
    expect(scaled.onlyInB).toEqual(['icclab-10g: hybrid link=1G, stressMB=1024, κ_M 1/2']);
  });

  test('of runs without a sweep, by scenario, strategy and link', () => {
    const plain = runs().map((run): RunResult => ({ ...run, sweep: null }));
    const others = plain.map((run): RunResult => ({ ...run, strategy: 'post-copy' }));
    expect(cellOf(compare(plain, plain)).name).toBe('icclab-10g: hybrid over lan-1g');
    expect(compare(plain, others).cells).toEqual([]);
  });

  test('of different backends are refused, told once for all cells, and compared visibly if asked', () => {
    const two = [...runs(), ...runs({ cell: { link: '10G', stressMB: 0 } })];
    let error: LivemigError | undefined;
    try {
      compare(two, by(two, 'netem'));
    } catch (thrown) {
      error = thrown as LivemigError;
    }
    expect(error?.code).toBe('BAD_INPUT');
    expect(error?.problems).toHaveLength(1);
    expect(error?.problems[0]).toContain('and 1 more: A by nfqueue, B by netem');
    const across = compare(two, by(two, 'netem'), { acrossBackends: true });
    expect(across.cells).toHaveLength(2);
    expect(comparisonText(across)).toContain('A nfqueue / B netem');
    expect(comparisonMarkdown(across)).toContain('A nfqueue / B netem');
  });

  test('of a set with two backends are not mixed', () => {
    const both = [...runs(), ...by(runs({ totalTimeMs: 30_000 }), 'netem')];
    const comparison = compare(both, both);
    expect(comparison.cells.map(({ backends }) => backends)).toEqual([
      { a: ['netem'], b: ['netem'] },
      { a: ['nfqueue'], b: ['nfqueue'] },
    ]);
    expect(comparison.cells.map((cell) => cell.quantities[1]!.a)).toEqual([30_000, 10_000]);
  });
});

test('text and Markdown show both figures, the ratio and the verdict', () => {
  const comparison = compare(
    [...runs(), ...runs({ part: 'other' })],
    [...runs({ totalTimeMs: 12_000 }), ...runs({ part: 'x|y' })],
  );
  const text = comparisonText(comparison);
  expect(text).toMatch(/totalTimeMs +10 s +12 s +1\.20 \[1\.1\d, 1\.2\d\] × +REGRESSION/);
  expect(text).toContain('Only in A:\n- icclab-10g: other link=1G');
  expect(text).toContain('beyond 10 %');
  // Slower is also less goodput.
  expect(text.split('\n').at(-1)).toBe('2 regressions, 0 improvements, 5 unchanged');
  const markdown = comparisonMarkdown(comparison);
  expect(markdown).toContain('| totalTimeMs | 10 s | 12 s | 1.20');
  expect(markdown).toContain('x\\|y');
});
