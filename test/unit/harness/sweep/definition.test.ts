import { describe, expect, test } from '@jest/globals';
import { readSweep } from '#test/support/sweep-file';

const head = 'name: a\nguestScale: 1/16\nrepeats: 1\nseed: 1\n';
const problemsOf = (text: string): string[] => readSweep(text).problems;

describe('a grid', () => {
  test('has every combination, with base, part and labels applied over each other', () => {
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

  test('may tie axes together, and reuse those of another part', () => {
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

describe('problems of a file', () => {
  test('include what can be predicted by no model, or by one that is not asked for', () => {
    const predict = 'predict: { models: [avg, sim], recordSeconds: 5, calibrationRuns: 1 }';
    const part = (scenario: string, more = ''): string[] =>
      problemsOf(
        `${head}parts: { one: { scenario: ${scenario}, ${predict}, grid: { warmupMs: [500] }${more} } }\n`,
      );
    expect(part('{ strategy: pre-copy, limits: { convergence: xen } }')).toEqual([]);
    expect(part('{ strategy: post-copy }').join()).toMatch(
      /predict: expected pre-copy with convergence xen, for avg, got post-copy/,
    );
    expect(
      part('{ strategy: pre-copy, limits: { convergence: xen }, guest: { disk: { size: 64MiB } } }').join(),
    ).toContain('without a disk');
    const bisect =
      ', bisect: { axis: a, sets: workload.region, low: 1, high: 2, scale: linear, resolution: 1 }';
    expect(part('{ strategy: pre-copy, limits: { convergence: xen } }', bisect).join()).toContain(
      'a part without a bisect',
    );
    expect(
      problemsOf(`${head}parts: { one: { predict: { models: [guess] }, grid: { warmupMs: [500] } } }`).join(),
    ).toMatch(/models: avg, hist, sim.*recordSeconds/s);
  });

  test('are reported all at once, with their places', () => {
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
        /^sweep.yaml:5: base.guest: guest.ram: 1 GiB can't hold .*\(a link=lan-1g size=big and 1 more\)$/,
      ),
      expect.stringMatching(/^sweep.yaml:13: parts.a.grid.size.odd.gest: unknown key "gest".* and 1 more\)$/),
      expect.stringMatching(
        /^sweep.yaml:10: parts.a.grid.link.1: link: unknown link "lan-10".* and 1 more\)$/,
      ),
    ]);
  });

  test('include an empty range, a ratio that never ends, and a duplicate axis', () => {
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
    ).toMatch(/bisect.axis: z is already an axis of the grid$/);
  });

  test('include a bisection with an end that is no scenario', () => {
    const file = (high: number) =>
      `${head}parts: { a: { scenario: { guest: 256MiB }, bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: ${high}, scale: geometric, resolution: 1.2 } } }`;
    expect(problemsOf(file(128))).toEqual([]);
    expect(problemsOf(file(300))).toEqual([
      expect.stringMatching(/parts.a.scenario.guest: guest.ram: 256 MiB can't hold .* \(a mb=300\)$/),
    ]);
  });

  test('begin with syntax, and an empty file is told what it needs', () => {
    expect(problemsOf('parts: [')[0]).toMatch(/^sweep.yaml: .* at line 1/);
    expect(problemsOf('')).toEqual(['sweep.yaml:1: expected name, repeats, seed, base and parts']);
  });
});

test('the scale of the guests has to be said where a published experiment is repeated, and is 1 elsewhere', () => {
  const rest = 'repeats: 1\nseed: 1\nparts: { one: { grid: { warmupMs: [500] } } }';
  expect(problemsOf(`name: a\n${rest}`)).toEqual([]);
  expect(problemsOf(`name: a\nexperiment: icclab-10g\n${rest}`)).toEqual([
    expect.stringMatching(/^sweep.yaml:2: experiment: expected guestScale beside it/),
  ]);
  expect(problemsOf(`name: a\nexperiment: icclab-10g\nguestScale: 1/4\n${rest}`)).toEqual([]);
});

test('include more runs than possible, before any cell is made', () => {
  const values = Array.from({ length: 1000 }, (_, index) => index + 1).join(', ');
  const problems = problemsOf(`${head}
parts:
  one: { grid: { warmupMs: [${values}], limits.downtimeLimitMs: [${values}] } }
`);
  expect(problems).toEqual([
    'sweep.yaml:6: parts: expected at most 20000 runs, got 1000000: every value of an axis multiplies the number',
  ]);
});

test('are reported once if many cells share them', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => index).join(', ');
  const problems = problemsOf(
    `${head}\nbase: { gest: 1GiB }\nparts: { one: { grid: { seed_: [${values}] } } }`,
  );
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.find((problem) => problem.includes('gest'))).toMatch(/and 9999 more\)$/);
});
