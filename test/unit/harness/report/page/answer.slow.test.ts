import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { reportPage } from '#harness/report/page/index';
import type { RunResult } from '#harness/result';
import { idsOf, inPageLinksOf, outsideOf } from '#test/support/page-links';
import { reportInputOf } from '#test/support/report-input';
import { shownRuns } from '#test/support/shown-runs';
import { variedFailure, variedRun } from '#test/support/varied-runs';

jest.setTimeout(60_000);

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
const pageOf = async (runs: readonly RunResult[]): Promise<string> =>
  flat(await reportPage(reportInputOf(runs)));
/** The page's first section, without what comes after it. */
const answerOf = (page: string): string =>
  page.slice(page.indexOf('<section id="answer">'), page.indexOf('<nav id="contents"'));
const textOf = (html: string): string =>
  flat(html.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/ ([.,;:)])/g, '$1');
const sound = (page: string): void => {
  const ids = idsOf(page);
  expect(new Set(ids).size).toBe(ids.length);
  expect(inPageLinksOf(page).filter((id) => !ids.includes(id))).toEqual([]);
  expect(page.replaceAll(/href="data:[^"]*"/g, '')).not.toContain('NaN');
  expect(answerOf(page)).not.toContain('undefined');
};

test('the answer is the first section of every page', async () => {
  for (const runs of [
    [variedRun({})],
    [variedRun({}), variedRun({ strategy: 'hybrid' })],
    shownRuns().slice(0, 3),
  ]) {
    const page = await pageOf(runs);
    expect(page.slice(page.indexOf('<main>'))).toMatch(/^<main> <section id="answer">/);
    expect(page.indexOf('<section ')).toBe(page.indexOf('<section id="answer">'));
    sound(page);
  }
});

describe('one run', () => {
  test('is a sentence with its figures, and its timeline', async () => {
    const answer = answerOf(
      await pageOf([variedRun({ totalTimeMs: 1234, downtimeMs: 56, sentBytes: 3 * 1024 ** 2 })]),
    );
    expect(textOf(answer)).toMatch(
      /completed: pre-copy of a 16 MiB guest \(idle.*\) over lan-1g: total time 1\.23 s, downtime 56 ms, page messages 3 MiB; integrity ok \(/,
    );
    expect(answer.match(/class="timeline"/g)).toHaveLength(1);
    expect(answer).not.toContain('<table');
  });

  test('that is simulated is called so', async () => {
    expect(textOf(answerOf(await pageOf([variedRun({ driver: 'sim' })])))).toContain(
      'completed: simulated, pre-copy of',
    );
  });

  test('that failed says why, and has no picture', async () => {
    const answer = answerOf(await pageOf([variedFailure({})]));
    expect(textOf(answer)).toMatch(/failed: pre-copy of .*NOT_CONVERGED it never would have/);
    expect(answer).not.toContain('<svg');
  });
});

test('repetitions of one setting have their median and range, and the timeline of the median run', async () => {
  const runs = [3000, 1000, 2000].map((totalTimeMs) => variedRun({ totalTimeMs }));
  const answer = answerOf(await pageOf([...runs, variedFailure({})]));
  expect(textOf(answer)).toMatch(
    /4 runs of one setting \(3 completed, 1 failed\): pre-copy of .*total time 2 s \(1 s–3 s\)/,
  );
  expect(textOf(answer)).toContain('The run with the median total time, 2 s.');
  expect(answer.match(/class="timeline"/g)).toHaveLength(1);
});

describe('two strategies', () => {
  let answer: string;
  beforeAll(async () => {
    const runs = ['pre-copy', 'hybrid'].flatMap((strategy) =>
      [0, 1, 2].map((repeat) =>
        variedRun({
          strategy,
          totalTimeMs: (strategy === 'hybrid' ? 1000 : 1500) + repeat * 100,
          downtimeMs: strategy === 'hybrid' ? 60 : 30,
        }),
      ),
    );
    answer = answerOf(await pageOf(runs));
  });

  test('are named, with the best and the worst', () => {
    expect(textOf(answer)).toContain('Varied: strategy (pre-copy, hybrid); 2 cells, 6 runs (6 completed).');
    expect(textOf(answer)).toContain('Shortest total time: 1.10 s (hybrid); longest: 1.60 s (pre-copy).');
    expect(textOf(answer)).toContain('Shortest downtime: 30 ms (pre-copy); longest: 60 ms (hybrid).');
  });

  test('have a figure and a table of cells', () => {
    expect(answer).toContain('<h4>Figure 1. Total time and downtime by strategy</h4>');
    const rows = [...answer.matchAll(/<th scope="row">(.*?)<\/th>/g)].map(([, name]) => name);
    // Of the figure's data, and of the cells.
    expect(rows).toEqual(['pre-copy', 'hybrid', 'pre-copy', 'hybrid']);
    expect(textOf(answer)).toContain('hybrid 3 1.10 s (1 s–1.20 s) 60 ms 16 MiB');
  });
});

describe('a sweep of one’s own with two axes', () => {
  const runs = [1024, 0, 512].flatMap((stressMB) =>
    ['pre-copy', 'hybrid'].flatMap((strategy) =>
      [0, 1].map((repeat) =>
        strategy === 'pre-copy' && stressMB === 1024
          ? variedFailure({ strategy, cell: { strategy, stressMB }, repeat })
          : variedRun({
              ...{ strategy, cell: { strategy, stressMB }, repeat },
              totalTimeMs: 1000 + stressMB * (strategy === 'hybrid' ? 1 : 3) + repeat,
            }),
      ),
    ),
  );

  test('has its axes in numeric order, and says where no run completed', async () => {
    const page = await pageOf(runs);
    const answer = answerOf(page);
    expect(textOf(answer)).toContain(
      'Varied: strategy (pre-copy, hybrid) and stressMB (0, 512, 1024); 6 cells, 12 runs (10 completed, 2 failed).',
    );
    expect(textOf(answer)).toContain('Without a point, as no run of it completed: pre-copy, stressMB 1024.');
    expect(textOf(answer)).toContain('pre-copy 1024 2 failed – – –');
    expect(inPageLinksOf(page)).toContain('answer-figure');
    sound(page);
  });

  test('beside runs of a study has its own part, and the study its figure and its verdicts', async () => {
    const page = await pageOf([...runs, ...shownRuns().filter(({ sweep }) => sweep?.part === 'hybrid')]);
    const answer = answerOf(page);
    expect(page.slice(0, page.indexOf('<main>'))).toMatch(/Of \d+ <a href="#checks">checks<\/a>/);
    expect(answer).toContain('Figure 1. ');
    expect(answer).toContain('id="hybrid-total-time"');
    expect(answer).toContain('<h3>mine: all</h3>');
    expect(answer).toContain('Figure 2. Total time and downtime by strategy, stressMB');
    expect(answer).toMatch(/<details class="cells"> <summary>icclab-10g: hybrid: table of \d+ cells/);
    expect(page.match(/id="hybrid-total-time"/g)).toHaveLength(1);
    expect(page).toContain('<a href="#hybrid-total-time">figure at the top</a>');
    sound(page);
  });
});

test('sweeps with other axes and single runs are not mixed', async () => {
  const runs = [
    ...[1, 2].map((x) => variedRun({ cell: { x } })),
    ...['a', 'b'].map((y) => variedRun({ cell: { y }, part: 'other' })),
    variedRun({ strategy: 'hybrid' }),
  ];
  const answer = answerOf(await pageOf(runs));
  expect([...answer.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title)).toEqual([
    'mine: all',
    'mine: other',
    'Single runs',
  ]);
  expect(textOf(answer)).toContain('Varied: x (1, 2); 2 cells');
  // Nothing is the best of what is the same.
  expect(textOf(answer)).toContain('Everywhere the same downtime: 40 ms.');
  expect(textOf(answer)).not.toContain('hortest');
  expect(textOf(answer)).toContain('Varied: y (a, b); 2 cells');
});

test('hostile names bring in no element, no attribute and no address', async () => {
  const hostile = `x"></title><script>alert(1)</script><img src=http://127.0.0.1/x onerror=alert(2)>'\u2028`;
  const runs = ['1', '2'].flatMap((end) =>
    ['pre-copy', 'hybrid'].map((strategy) =>
      variedRun({
        ...{ strategy, profile: `${hostile}${end}`, sweep: hostile, part: hostile },
        cell: { [hostile]: `${hostile}${end}`, strategy },
      }),
    ),
  );
  const page = await pageOf([
    ...runs,
    variedRun({ strategy: `./${hostile}.ts`, strategySha256: 'a'.repeat(64) }),
  ]);
  expect(answerOf(page)).toContain('&lt;script&gt;alert(1)');
  expect(page).not.toMatch(/<script>alert|<img|onerror=alert\(2\)>/);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(outsideOf(page)).toEqual([]);
  sound(page);
});

test('a page without runs says so', async () => {
  expect(textOf(answerOf(await pageOf([])))).toContain('There are no runs in this result set.');
});
