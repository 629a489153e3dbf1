import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plotFiles } from '#harness/report/page/plot-files';
import { palette } from '#harness/report/palette';
import { runResultSchema } from '#harness/result';
import { outsideOf } from '#test/support/page-links';
import { shownRuns } from '#test/support/shown-runs';
import { studies } from '#test/support/studies';
import { variedRun } from '#test/support/varied-runs';

jest.setTimeout(120_000);

const cli = fileURLToPath(new URL('../../../../../harness/cli.ts', import.meta.url));
const runs = shownRuns();
let directory: string;

const livemig = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, ...args],
      { cwd: directory, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      },
    );
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-report-command-'));
  await writeFile(join(directory, 'runs.jsonl'), runs.map((run) => `${JSON.stringify(run)}\n`).join(''));
});
afterAll(() => rm(directory, { recursive: true }));

test('writes the page and the plots, and says what it wrote', async () => {
  const { code, stdout } = await livemig(
    ...['report', 'runs.jsonl', '--out', 'out/page.html', '--plots', 'out/plots', '--title', 'Some <runs>'],
  );
  // As the command reads them: without anything that the schema doesn't have.
  const drawn = await plotFiles(
    runs.map((run) => runResultSchema.parse(run)),
    studies,
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(`^out/page\\.html: ${runs.length} runs, .*\\nout/plots: ${drawn.length} plots\\n$`),
  );
  const page = await readFile(join(directory, 'out/page.html'), 'utf8');
  expect(page).toContain('<title>Some &lt;runs&gt;</title>');
  const plots = await readdir(join(directory, 'out/plots'));
  expect(plots.sort()).toEqual(drawn.map(({ name }) => name).sort());
  expect(plots).toContain('hybrid-total-time.svg');
  for (const name of plots) {
    const svg = await readFile(join(directory, 'out/plots', name), 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain(`--paper:${palette.paper.dark}`);
    expect(outsideOf(svg)).toEqual([]);
  }
});

describe('a sweep of one’s own', () => {
  const own = ['late', 'early'].map((kind) => variedRun({ cell: { kind } }));
  const definition = { parts: { all: { grid: { kind: ['early', 'late'] } } } };
  const header = {
    ...{ schemaVersion: 1, sweepId: 'varied', identity: {}, driver: 'netns', definition, plan: null },
    ...{ begunAt: '2026-11-20T09:00:00.000Z', resumedAt: [] },
  };
  const store = async (name: string, text: string): Promise<void> => {
    await mkdir(join(directory, name));
    await writeFile(
      join(directory, name, 'runs.jsonl'),
      own.map((run) => `${JSON.stringify(run)}\n`).join(''),
    );
    await writeFile(join(directory, name, 'sweep.json'), text);
  };

  test('has its plot, its axes in the order of the definition beside the runs, and a title of its own', async () => {
    await store('own', JSON.stringify(header));
    const { code, stderr } = await livemig('report', 'own', '--out', 'own.html', '--plots', 'own-plots');
    expect([code, stderr]).toEqual([0, '']);
    const page = await readFile(join(directory, 'own.html'), 'utf8');
    expect(page).toContain('Varied: kind (early, late)');
    expect(page).toContain('<title>Live migration, measured</title>');
    expect(await readdir(join(directory, 'own-plots'))).toEqual(['answer-figure.svg']);
  });

  test('whose definition is damaged is told of, and reported in the order of its runs', async () => {
    await store('damaged', '{');
    const { code, stderr } = await livemig('report', 'damaged', '--out', 'damaged.html');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^livemig: .*sweep\.json isn't a sweep's header/);
    expect(await readFile(join(directory, 'damaged.html'), 'utf8')).toContain('Varied: kind (late, early)');
  });
});

test('every problem at once, exit code 2, and no page', async () => {
  const { code, stderr } = await livemig(
    'report',
    'nowhere',
    'page.txt',
    '--outt',
    'x',
    '--plots',
    'runs.jsonl/x',
  );
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean --out?');
  expect(stderr).toContain('nowhere: there is no such file');
  expect(stderr).toContain('page.txt');
  expect(stderr).toContain("--plots: runs.jsonl/x can't be written to");
  expect(await readdir(directory)).not.toContain('report.html');
});
