import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plotFiles } from '../../../../../harness/report/page/plot-files.ts';
import { palette } from '../../../../../harness/report/palette.ts';
import { runResultSchema } from '../../../../../harness/result.ts';
import { outsideOf } from '../../../../support/page-links.ts';
import { shownRuns } from '../../../../support/shown-runs.ts';

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
  // As the command reads them, which knows nothing that the schema doesn't.
  const drawn = await plotFiles(runs.map((run) => runResultSchema.parse(run)));
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
