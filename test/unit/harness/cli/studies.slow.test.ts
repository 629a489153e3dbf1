import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Judgement } from '#harness/trends/judgement';
import studyOutside from '#test/support/my-study/study';
import type { OutsideStudy } from '#test/support/outside-study';
import { outsideStudy } from '#test/support/outside-study';
import { trendRun } from '#test/support/trend-runs';
import { runLivemig } from '#test/support/livemig-process';
import type { Outcome } from '#test/support/livemig-process';

jest.setTimeout(120_000);

let outside: OutsideStudy;

const livemig = (...args: string[]): Promise<Outcome> => runLivemig(args, { cwd: outside.directory });

beforeAll(async () => {
  outside = await outsideStudy(false);
  const runs = studyOutside.onPaper!.holding().map((run) => trendRun({ ...run, experiment: 'my-study' }));
  await writeFile(
    join(outside.directory, 'runs.jsonl'),
    runs.map((run) => `${JSON.stringify(run)}\n`).join(''),
  );
});
afterAll(() => outside.remove());

describe('a study outside the project, where nothing is installed', () => {
  test('can be swept by its folder', async () => {
    const { code, stdout, stderr } = await livemig('sweep', './my-study', '--dry-run');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('idle  3 cells, 9 runs: ramMB 64 128 256');
    const quick = await livemig('sweep', './my-study', '--quick', '--dry-run');
    expect(quick.code).toBe(2);
    expect(quick.stderr).toContain('./my-study: the study has no quick.yaml');
  });

  test('can be judged on its own', async () => {
    const { code, stdout, stderr } = await livemig(
      'validate',
      'runs.jsonl',
      '--study',
      'my-study/',
      '--json',
    );
    expect([code, stderr]).toEqual([0, '']);
    const judgement = JSON.parse(stdout) as Judgement;
    expect(judgement.verdicts.map(({ study, id, verdict }) => [study, id, verdict])).toEqual([
      ['my-study', '1a', 'holds'],
    ]);
    expect(judgement.studies).toEqual([{ name: 'my-study', tolerancesFrozenOn: null }]);
  });

  test('is reported with its plot', async () => {
    const { code } = await livemig(
      ...['report', 'runs.jsonl', '--study', './my-study', '--study', 'icclab-10g', '--plots', 'plots'],
    );
    expect(code).toBe(0);
    expect(await readdir(join(outside.directory, 'plots'))).toEqual(['idle-total-time.svg']);
    const page = await readFile(join(outside.directory, 'report.html'), 'utf8');
    expect(page).toContain('Experiment my-study');
    expect(page).toContain('Total time of an idle guest by its RAM');
    expect(page).not.toContain('Experiment ulster-wan');
  });

  test('must meet what the studies of the project must: checks hold, and fail on spoilt runs', async () => {
    const { code, stdout, stderr } = await livemig('check', './my-study');
    expect([code, stdout]).toEqual([0, 'my-study: 11 of 11 hold\n']);
    expect(stderr).toContain('ok      1a fails with a slow migration');
    expect(stderr).toMatch(/ok {6}my-study\/full\.yaml can run/);
    const document = await livemig('check', './my-study', '--json');
    expect(JSON.parse(document.stdout)).toMatchObject({ study: 'my-study', findings: { length: 11 } });
  });

  test('fails this if a control spoils nothing or a sweep has too few runs', async () => {
    const broken = await outsideStudy(false);
    await broken.change('checks.ts', (text) => text.replace(/slower\([\d.]+\)/, 'slower(1)'));
    await broken.change('full.yaml', (text) => text.replace(/repeats: \d+/, 'repeats: 1'));
    const { code, stdout, stderr } = await livemig('check', broken.folder);
    expect([code, stdout]).toEqual([1, 'my-study: 9 of 11 hold\n']);
    expect(stderr).toMatch(/FAILED {2}1a fails with .*\n +expected it to fail, got holds \(/);
    expect(stderr).toMatch(/FAILED {2}\S*full\.yaml can run, .*\n +\[.*\] has 1 runs/);
    await broken.change('full.yaml', (text) => `${text}\nsalt: 1\npepper: 2\n`);
    expect((await livemig('check', broken.folder)).stderr).toMatch(
      /FAILED {2}\S*full\.yaml can run, .*\n +\S*full\.yaml:\d+: .*salt.*\n +\S*full\.yaml:\d+: .*pepper/,
    );
    await broken.remove();
  });

  test('that throws is named, with the part that threw', async () => {
    const broken = await outsideStudy(false);
    await broken.change('checks.ts', (text) =>
      text.replace('return () =>', "throw new TypeError('no such cell');\n  return () =>"),
    );
    const { code, stderr } = await livemig('validate', 'runs.jsonl', '--study', broken.folder);
    expect([code, stderr.trim()]).toEqual([
      2,
      "livemig: study my-study: check 1a throws: no such cell; fix it in the study's folder",
    ]);
    await broken.change('checks.ts', (text) => text.replace("throw new TypeError('no such cell');", ''));
    await broken.change('plot.ts', (text) =>
      text.replace('=>\n  curvePlot(', '=>\n  setUp.cells.length > 0 ? nothing : curvePlot('),
    );
    const report = await livemig('report', 'runs.jsonl', '--study', broken.folder);
    expect(report.code).toBe(2);
    expect(report.stderr).toContain('study my-study: a plot throws: nothing is not defined');
    await broken.remove();
  });

  test('with problems ends with exit code 2, and reports those of the results as well', async () => {
    const { code, stderr } = await livemig(
      'validate',
      'none.jsonl',
      '--study',
      './none',
      '--study',
      'ulster',
    );
    expect(code).toBe(2);
    for (const text of [
      './none: there is no such folder',
      'did you mean "ulster-wan"?',
      'none.jsonl: there is no',
    ])
      expect(stderr).toContain(text);
  });
});

describe('the project’s studies', () => {
  test('are listed', async () => {
    const { code, stdout } = await livemig('list', 'studies');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^icclab-10g +pre-copy and hybrid under memory stress/m);
    const document = JSON.parse((await livemig('list', 'studies', '--json')).stdout) as {
      studies: { name: string }[];
    };
    expect(document.studies.map(({ name }) => name)).toContain('ulster-wan');
  });

  test('are swept by name, quick or whole', async () => {
    const quick = await livemig('sweep', 'ulster-wan', '--quick', '--dry-run');
    expect([quick.code, quick.stderr]).toEqual([0, '']);
    expect(quick.stdout).toContain('ulster-wan-quick: guest scale');
    expect((await livemig('sweep', 'ulster-wan', '--dry-run')).stdout).toMatch(
      /^ulster-wan: guest scale 0.5/,
    );
  });

  test('an unknown name, and --quick with a file, are refused', async () => {
    const { code, stderr } = await livemig('sweep', 'icclab', '--quick', '--dry-run');
    expect(code).toBe(2);
    expect(stderr).toContain('unknown study "icclab"; did you mean "icclab-10g"?');
    const file = await livemig('sweep', 'my-study/full.yaml', '--quick', '--dry-run');
    expect(file.code).toBe(2);
    expect(file.stderr).toContain('--quick: expected the name or the folder of a study');
  });
});
