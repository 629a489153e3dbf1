import { describe, expect, test } from '@jest/globals';
import { readSweep } from '../../../support/sweep-file.ts';

const head = 'name: a\nguestScale: 1/16\nrepeats: 1\nseed: 1\n';
const problemsOf = (text: string): string[] => readSweep(text).problems;

describe('a grid', () => {
  test('has every combination, with what base, part and labels lay over each other', () => {
    const { expansion, definition, problems } = readSweep(`${head}
base: { guest: 512MiB, workload: 'stress:8MiB', limits: { downtimeLimitMs: 50, maxRounds: 7 } }
parts:
  one:
    scenario: { limits: { downtimeLimitMs: 60 } }
    grid:
      limits.maxRounds: [3, 5]
      stressMB:
        0: { workload: idle }
        64: { workload: { name: stress, region: 25%, dirtyRate: flat-out }, guest: { vcpus: 2 } }
`);
    expect(problems).toEqual([]);
    expect(definition?.guestScale).toBe(1 / 16);
    expect(expansion.cells.map(({ labels }) => labels)).toEqual([
      { 'limits.maxRounds': 3, stressMB: 0 },
      { 'limits.maxRounds': 3, stressMB: 64 },
      { 'limits.maxRounds': 5, stressMB: 0 },
      { 'limits.maxRounds': 5, stressMB: 64 },
    ]);
    const { scenario } = expansion.cells[3]!;
    expect(scenario.limits).toMatchObject({ maxRounds: 5, downtimeLimitMs: 60 });
    expect(scenario.guest).toMatchObject({ ramBytes: 512 * 2 ** 20, vcpus: 2 });
    expect(scenario.workload).toMatchObject({ regionBytes: 128 * 2 ** 20, dirtyRatePagesPerSecond: 0 });
    expect(expansion.cells[0]!.scenario.workload.name).toBe('idle');
  });

  test('may tie axes to each other, and reuse what another part has', () => {
    const { expansion, problems } = readSweep(`${head}
parts:
  one:
    grid: &grid
      link, rate:
        near, 1G: { link: lan-1g }
        far, 10G: { link: coleraine-dublin }
      load: { no: { workload: idle } }
  two:
    repeats: 4
    grid: { <<: *grid, load: { yes: { workload: 'stress:1MiB' } } }
`);
    expect(problems).toEqual([]);
    expect(expansion.cells.map(({ part, labels, scenario }) => [part, labels, scenario.link])).toEqual([
      ['one', { link: 'near', rate: '1G', load: 'no' }, 'lan-1g'],
      ['one', { link: 'far', rate: '10G', load: 'no' }, 'coleraine-dublin'],
      ['two', { link: 'near', rate: '1G', load: 'yes' }, 'lan-1g'],
      ['two', { link: 'far', rate: '10G', load: 'yes' }, 'coleraine-dublin'],
    ]);
    expect(expansion.cells.map(({ repeats }) => repeats)).toEqual([1, 1, 4, 4]);
  });
});

describe('what is wrong with a file', () => {
  test('is told all at once, with its place', () => {
    expect(
      problemsOf(`name: a b
guestScale: 0
repeats: 1.5
sed: 1
base: { seed: 3, guest: { ram: 1GiB } }
experiment: icclab10g
parts:
  a:
    grid:
      link: [lan-1g, lan-10]
      size:
        big: { workload: 'stress:2GiB' }
        odd: { workload: idle, gest: 1 }
  b:
    bisect: { axis: x, sets: workload.region, low: 8, high: 4, scale: geo }
  c: {}
  d: { grid: { 'p, q': { one: {} } } }
`),
    ).toEqual([
      'sweep.yaml:1: name: expected a name for the sweep (letters, digits, . _ -)',
      'sweep.yaml:2: guestScale: expected a number above 0 and up to 1, like 1/16, got 0',
      'sweep.yaml:3: repeats: expected a whole number from 1 to 1000, got 1.5',
      'sweep.yaml:1: seed: expected a whole number from 0 to 4294967295, got nothing',
      expect.stringMatching(/^sweep.yaml:4: sed: unknown key "sed"; did you mean "seed"\?/),
      'sweep.yaml:15: parts.b.bisect.scale: expected geometric or linear, got "geo"',
      'sweep.yaml:15: parts.b.bisect.resolution: expected a number above 0, got nothing',
      'sweep.yaml:16: parts.c: expected a grid, a bisect, or both',
      'sweep.yaml:17: parts.d.grid.p, q.one: expected 2 labels, of p and q, got "one"',
      "sweep.yaml:5: base.seed: the sweep sets every run's seed itself",
      expect.stringMatching(/^sweep.yaml:6: experiment: .* did you mean "icclab-10g"\?/),
      expect.stringMatching(
        /^sweep.yaml:5: base.guest: guest.ram: 1 GiB don't hold .*\(a link=lan-1g size=big and 1 more\)$/,
      ),
      expect.stringMatching(/^sweep.yaml:13: parts.a.grid.size.odd.gest: unknown key "gest".* and 1 more\)$/),
      expect.stringMatching(
        /^sweep.yaml:10: parts.a.grid.link.1: link: unknown link "lan-10".* and 1 more\)$/,
      ),
    ]);
  });

  test('a range without width, a ratio that ends nowhere, an axis twice', () => {
    const bisect = (change: string) =>
      problemsOf(
        `${head}parts: { a: { grid: { x: { y: {} } }, bisect: { axis: z, sets: workload.region, unit: MiB, low: 8, high: 16, scale: geometric, resolution: 1.2, ${change} } } }`,
      );
    expect(bisect('unit: MiB')[0]).toMatch(/Map keys must be unique/);
    const one = (text: string) => problemsOf(`${head}parts: { a: { ${text} } }`);
    const rest = 'sets: workload.region, unit: MiB, scale: geometric';
    expect(one(`bisect: { axis: z, low: 8, high: 8, resolution: 1.2, ${rest} }`)[0]).toMatch(
      /bisect.high: expected more than low \(8\), got 8$/,
    );
    expect(one(`bisect: { axis: z, low: 8, high: 9, resolution: 1, ${rest} }`)[0]).toMatch(
      /bisect.resolution: expected a ratio above 1, got 1$/,
    );
    expect(
      one(`grid: { z: { y: {} } }, bisect: { axis: z, low: 8, high: 9, resolution: 1.1, ${rest} }`)[0],
    ).toMatch(/bisect.axis: z is an axis of the grid already$/);
  });

  test('both ends of a bisection have to be scenarios', () => {
    const file = (high: number) =>
      `${head}parts: { a: { scenario: { guest: 256MiB }, bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: ${high}, scale: geometric, resolution: 1.2 } } }`;
    expect(problemsOf(file(128))).toEqual([]);
    expect(problemsOf(file(300))).toEqual([
      expect.stringMatching(/parts.a.scenario.guest: guest.ram: 256 MiB don't hold .* \(a mb=300\)$/),
    ]);
  });

  test('syntax comes first, and a file of nothing is told what it takes', () => {
    expect(problemsOf('parts: [')[0]).toMatch(/^sweep.yaml: .* at line 1/);
    expect(problemsOf('')).toEqual([
      'sweep.yaml:1: expected name, guestScale, repeats, seed, base and parts',
    ]);
  });
});

test('a sweep of more runs than can be made is refused before its cells are made', () => {
  const values = Array.from({ length: 1000 }, (_, index) => index + 1).join(', ');
  const problems = problemsOf(`${head}
parts:
  one: { grid: { warmupMs: [${values}], limits.downtimeLimitMs: [${values}] } }
`);
  expect(problems).toEqual([
    'sweep.yaml:6: parts: expected at most 20000 runs, got 1000000: every value of an axis multiplies them',
  ]);
});

test('a problem that many cells share is told once', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => index).join(', ');
  const problems = problemsOf(
    `${head}\nbase: { gest: 1GiB }\nparts: { one: { grid: { seed_: [${values}] } } }`,
  );
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.find((problem) => problem.includes('gest'))).toMatch(/and 9999 more\)$/);
});
