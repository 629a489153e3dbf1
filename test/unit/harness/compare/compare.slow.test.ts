import { describe, expect, test } from '@jest/globals';
import type { ComparedCell, ComparedQuantity, Comparison } from '#harness/compare/compare';
import { compareRuns } from '#harness/compare/compare';
import { quantities } from '#harness/compare/quantities';
import { comparisonMarkdown, comparisonText } from '#harness/compare/show';
import { flatten } from '#harness/export/flatten';
import type { RunResult } from '#harness/result';
import { repeated } from '#harness/trends/paper-run';
import type { LivemigError } from '#proto/errors';
import type { PaperRun } from '#test/support/trend-runs';
import { trendRun } from '#test/support/trend-runs';

const paper = (change: Partial<PaperRun> = {}, spread = 0.02): PaperRun[] =>
  repeated(
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
  compareRuns(a, b, { threshold: 0.1, across: [], ...options });
/** These runs had no traffic beside them, and their guests were no services and had no disk. */
const measured = quantities.filter(({ name }) => !/^(?:traffic|service|disk\.io)\./.test(name));
const cellOf = (comparison: Comparison): ComparedCell => comparison.cells[0]!;
const quantity = (comparison: Comparison, name: string): ComparedQuantity =>
  cellOf(comparison).quantities.find((each) => each.name === name)!;
/** Why a comparison is refused. */
const problemsOf = (a: RunResult[], b: RunResult[], options = {}): readonly string[] => {
  try {
    compare(a, b, options);
  } catch (error) {
    expect((error as LivemigError).code).toBe('BAD_INPUT');
    return (error as LivemigError).problems;
  }
  return [];
};
const other = runs({ part: 'other' });
const plain = runs().map((run): RunResult => ({ ...run, sweep: null }));
const sized = (run: RunResult, guest: Partial<RunResult['scenario']['guest']>): RunResult => ({
  ...run,
  scenario: { ...run.scenario, guest: { ...run.scenario.guest, ...guest } },
});
/** The same with another value there. */
const changedAt = (document: unknown, [key = '', ...rest]: string[]): never => {
  const before = document as Record<string, unknown>;
  const value = before[key];
  const next =
    rest.length > 0 ? changedAt(value, rest) : typeof value === 'number' ? value + 1 : `${String(value)}!`;
  return { ...before, [key]: next } as never;
};
const by = (set: RunResult[], backend: 'netem' | 'nfqueue'): RunResult[] =>
  set.map((run) => ({ ...run, link: { ...run.link, backend } }));

describe('a change', () => {
  test('is not found between a set and itself', () => {
    const comparison = compare(runs(), runs());
    expect(comparison.counts).toEqual({
      regression: 0,
      improvement: 0,
      unchanged: measured.length,
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

  test('may be chance if the interval reaches below the threshold', () => {
    const noisy = compare(runs(), runs({ totalTimeMs: 11_500 }, 0.08));
    expect(quantity(noisy, 'totalTimeMs').ratio!.value).toBeGreaterThan(1.1);
    expect(quantity(noisy, 'totalTimeMs').verdict).toBe('unchanged');
  });

  test('goes by the given threshold', () => {
    const slower = runs({ totalTimeMs: 12_000 });
    expect(quantity(compare(runs(), slower, { threshold: 0.3 }), 'totalTimeMs').verdict).toBe('unchanged');
  });

  test('needs three runs of both', () => {
    const comparison = compare(runs(), runs({ totalTimeMs: 20_000 }).slice(1));
    expect(quantity(comparison, 'totalTimeMs').verdict).toBe('too few');
    expect(comparison.counts.regression).toBe(0);
  });

  test('is also found when runs fail that completed before', () => {
    const failed = runs({ error: 'TIMEOUT' });
    const comparison = compare(runs(), failed);
    expect(quantity(comparison, 'completed')).toMatchObject({ a: 1, b: 0, verdict: 'regression' });
    expect(cellOf(comparison).quantities).toHaveLength(1);
    expect(quantity(compare(failed, runs()), 'completed').verdict).toBe('no ratio');
    expect(quantity(compare(failed, failed), 'completed').verdict).toBe('unchanged');
  });
});

describe('cells', () => {
  test('are matched by sweep, part, scale, and labels in any order', () => {
    const swapped = runs({ cell: { stressMB: 1024, link: '1G' } });
    expect(compare(runs(), swapped).cells).toHaveLength(1);
    const scaled = compare([...runs(), ...other], [...runs({ guestScale: 0.5 }), ...other]);
    expect(scaled.cells).toHaveLength(1);
    const differences = [
      { name: 'guest.ramBytes', values: [12_288 * 2 ** 20, 6144 * 2 ** 20] },
      { name: 'sweep.guestScale', values: [1, 0.5] },
    ];
    const [full, half] = ['1', '1/2'].map(
      (scale) => `icclab-10g: hybrid link=1G, stressMB=1024, κ_M ${scale}`,
    );
    expect(scaled.onlyInA).toEqual([{ name: full, runs: 3, nearest: { name: half, differences } }]);
    expect(scaled.onlyInB).toEqual([{ name: half, runs: 3, nearest: { name: full, differences } }]);
  });

  test('of runs without a sweep are matched by everything that was set', () => {
    expect(cellOf(compare(plain, plain)).name).toBe('icclab-10g: hybrid over lan-1g');
    expect(
      problemsOf(
        plain,
        plain.map((run): RunResult => ({ ...run, strategy: 'post-copy' })),
      ),
    ).toEqual([expect.stringContaining('differs in strategy (hybrid, post-copy)')]);
  });

  test('differ by any single setting except those that tell repetitions apart', () => {
    const scenario = plain[0]!.scenario;
    const leaves = flatten('', scenario).map(([name]) => name);
    expect(leaves.length).toBeGreaterThan(30);
    const repetition = ['name', 'seed', 'repeat', 'driver', 'backend'];
    // What the run says itself is what counts: the scenario's own may be `auto`.
    const ofTheRun = ['strategy', 'link'];
    for (const leaf of leaves.filter((name) => !ofTheRun.includes(name))) {
      const changed = plain.map((run) => ({ ...run, scenario: changedAt(run.scenario, leaf.split('.')) }));
      const matching = [...compare([...plain, ...other], [...changed, ...other]).cells];
      expect([leaf, matching.length]).toEqual([leaf, repetition.includes(leaf) ? 2 : 1]);
    }
  });

  test('with unlike runs under one name are told apart, and like is compared with like', () => {
    const small = plain.map((run) => sized(run, { ramBytes: 64 * 2 ** 20 }));
    const comparison = compare([...plain, ...small], [...small, ...plain]);
    expect(comparison.cells.map(({ name, runs: { a, b } }) => [name.split(', ')[1], a, b])).toEqual([
      ['guest.ramBytes 12884901888', 3, 3],
      ['guest.ramBytes 67108864', 3, 3],
    ]);
    expect(comparison.counts.regression).toBe(0);
  });

  test('that match none are an error, which says how the nearest ones differ', () => {
    const hotspot = plain.map((run) => sized(run, { ramBytes: 256 * 2 ** 20 }));
    const idle = plain.map((run) => sized(run, { ramBytes: 64 * 2 ** 20 }));
    expect(problemsOf(idle, hotspot)).toEqual([
      expect.stringMatching(/^icclab-10g: .* differs in guest\.ramBytes \(64 MiB, 256 MiB\); --across/),
    ]);
    expect(compare(idle, hotspot, { across: ['guest'] }).cells).toHaveLength(1);
    expect(problemsOf(idle, hotspot, { across: ['gest.ramBytes'] })).toEqual([
      expect.stringContaining('did you mean "guest.ramBytes"?'),
    ]);
  });

  test('of different backends are refused, once for all cells, and compared with a notice if asked', () => {
    const two = [...runs(), ...runs({ cell: { link: '10G', stressMB: 0 } })];
    const problems = problemsOf(two, by(two, 'netem'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('and 1 more: A by nfqueue, B by netem');
    const across = compare(two, by(two, 'netem'), { across: ['backend'] });
    expect(across.cells).toHaveLength(2);
    expect(comparisonText(across)).toContain('A nfqueue / B netem');
    expect(comparisonMarkdown(across)).toContain('A nfqueue / B netem');
  });

  test('of different drivers are treated likewise', () => {
    const docker = runs().map((run): RunResult => ({ ...run, driver: 'docker' }));
    expect(problemsOf(runs(), docker)).toEqual([expect.stringContaining('A by netns, B by docker')]);
    expect(compare(runs(), docker, { across: ['driver'] }).cells).toHaveLength(1);
    const both = [...runs(), ...docker];
    expect(compare(both, both).cells.map(({ drivers }) => drivers.a)).toEqual([['docker'], ['netns']]);
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
  expect(text).toContain('which differs in sweep.part (other, x|y) (A, B)');
  expect(text).toContain('beyond 10 %');
  // Slower is also less goodput.
  expect(text.split('\n').at(-1)).toBe(
    `2 regressions, 0 improvements, ${measured.length - 2} unchanged, 2 cells in one set only`,
  );
  const markdown = comparisonMarkdown(comparison);
  expect(markdown).toContain('| totalTimeMs | 10 s | 12 s | 1.20');
  expect(markdown).toContain('x\\|y');
});

describe('searches', () => {
  const tried = (stressMB: number, change: Partial<RunResult['sweep']> = {}, ram = 2 ** 30): RunResult[] =>
    runs({ part: 'limit', cell: { link: '1G', stressMB }, stressedBytes: stressMB * 2 ** 20 }).map((run) =>
      sized({ ...run, sweep: { ...run.sweep!, searched: 'stressMB', ...change } }, { ramBytes: ram }),
    );
  const a = [...runs(), ...tried(32), ...tried(64), ...tried(48)];
  const b = [...runs(), ...tried(32), ...tried(64), ...tried(40)];

  test('that took different paths are not a difference, and are counted', () => {
    const comparison = compare(a, b);
    expect(comparison).toMatchObject({ onlyInA: [], onlyInB: [], leftOut: { a: 1, b: 1 } });
    expect(comparison.cells).toHaveLength(3);
    expect(comparisonText(comparison)).toContain('2 cells of searches left out');
    expect(compare(a, a).leftOut).toEqual({ a: 0, b: 0 });
  });

  test.each<[string, RunResult[]]>([
    ['is in one set only', runs()],
    ['had other labels', [...runs(), ...tried(40, { cell: { link: '10G', stressMB: 40 } })]],
    ['was set differently', [...runs(), ...tried(32, {}, 2 ** 31), ...tried(40, {}, 2 ** 31)]],
    ['was a grid there', [...runs(), ...tried(40, { searched: undefined })]],
  ])('are a difference if the search %s', (_, set) => {
    const { onlyInA, leftOut } = compare(a, set);
    expect(onlyInA).toHaveLength(3);
    expect(leftOut).toEqual({ a: 0, b: 0 });
  });
});
