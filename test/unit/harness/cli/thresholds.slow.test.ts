import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { runLivemig } from '#test/support/livemig-process';
import type { Outcome } from '#test/support/livemig-process';

/** Thresholds from the command line to the exit code, in virtual time. */

const timeoutMs = 120_000;
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-thresholds-'));
});
afterAll(() => rm(directory, { recursive: true }));

const livemig = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
  runLivemig(args, { cwd: directory, env: { GITHUB_STEP_SUMMARY: '', ...env } });
const file = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');

/** 16 MiB at 1 Gb/s: a downtime of some 140 ms. */
const stopAndCopy = ['--driver', 'sim', '--link', 'lan-1g', '--strategy', 'stop-and-copy'];
const small = ['--guest', '16MiB,baseFootprint=16MiB', '--workload', 'idle', '--warmup', '0'];
const run = (...args: string[]): string[] => ['run', ...stopAndCopy, ...small, '--out', 'out', ...args];

describe('livemig run', () => {
  test(
    'with thresholds that hold exits with 0, and says so everywhere',
    async () => {
      const thresholds =
        'downtimeMs: p95 < 1s; downtimeMs: > 50; ram.transferred: > 15MiB; downtimeMs: count == 2';
      const { code, stdout } = await livemig(
        run('--repeat', '2', '--thresholds', thresholds, '--junit', 'good.xml'),
        { GITHUB_STEP_SUMMARY: join(directory, 'good.md') },
      );
      expect(stdout).toContain('4 of 4 thresholds hold');
      expect(code).toBe(0);
      expect(await file('good.xml')).toContain('<testsuites name="livemig run" tests="6" failures="0"');
      expect(await file('good.md')).toMatch(/^## livemig run command-line: 4 of 4 thresholds hold\n/);
    },
    timeoutMs,
  );

  test(
    'with one that does not hold exits with 99',
    async () => {
      const args = run('--repeat', '2', '--thresholds', 'downtimeMs: < 1ms; totalTimeMs: < 10s');
      const { code, stdout } = await livemig([...args, '--junit', 'bad.xml', '--json']);
      expect(code).toBe(99);
      const document = JSON.parse(stdout) as { results: RunResult[]; thresholds: { holds: boolean }[] };
      expect(document.thresholds.map(({ holds }) => holds)).toEqual([false, true]);
      expect(document.results.map(({ state }) => state)).toEqual(['completed', 'completed']);
      // A run knows nothing of what it is judged by.
      expect(document.results[0]!.scenario).not.toHaveProperty('thresholds');
      const xml = await file('bad.xml');
      expect(xml).toContain('tests="4" failures="1"');
      expect(xml).toContain('type="threshold"');
      const markdown = await livemig([...args, '--markdown']);
      expect(markdown.stdout).toMatch(/^## livemig run command-line: 1 of 2 thresholds holds\n/);
      expect(markdown.code).toBe(99);
    },
    timeoutMs,
  );

  test(
    'with a run that does not complete exits with 1, and passes no threshold',
    async () => {
      const notConverging = [
        ...[
          '--strategy',
          'pre-copy',
          '--guest',
          '32MiB,baseFootprint=16MiB',
          '--workload',
          'stress:8MiB@100000',
        ],
        ...['--downtime-limit', '1', '--max-precopy', '500'],
      ];
      const { code, stdout } = await livemig(run(...notConverging, '--thresholds', 'downtimeMs: < 60min'));
      expect(stdout).toContain('0 of 1 threshold hold');
      expect(stdout).toContain('1 of 1 runs did not complete (1 failed)');
      expect(code).toBe(1);
    },
    timeoutMs,
  );

  test(
    'refuses thresholds that mean nothing, with every problem, before anything runs',
    async () => {
      const { code, stderr } = await livemig(
        run('--thresholds', 'downtimMs: < 1; ram.transferred: < 2GB', '--json', '--markdown'),
      );
      expect(code).toBe(2);
      for (const text of ['did you mean "downtimeMs"', 'ram.transferred: expected a size', 'got both'])
        expect(stderr).toContain(text);
    },
    timeoutMs,
  );

  test(
    'makes the same run with thresholds as without (sim: to the byte)',
    async () => {
      const [plain, judged] = await Promise.all([
        livemig(run('--json')),
        livemig(run('--json', '--thresholds', 'downtimeMs: < 10s')),
      ]);
      const { results } = JSON.parse(judged.stdout) as { results: RunResult[] };
      expect(results).toEqual([JSON.parse(plain.stdout)]);
    },
    timeoutMs,
  );
});

describe('livemig sweep', () => {
  const sweep = (bound: string): string =>
    [
      'name: tiny',
      'guestScale: 1',
      'repeats: 2',
      'seed: 1',
      'base:',
      '  driver: sim',
      '  link: lan-1g',
      '  guest: 16MiB,baseFootprint=8MiB',
      '  workload: idle',
      '  warmupMs: 0',
      `  thresholds: { downtimeMs: '${bound}' }`,
      'parts:',
      '  all:',
      '    grid:',
      '      strategy: [stop-and-copy, post-copy]',
      '',
    ].join('\n');

  test(
    'judges every cell, also when it is resumed with other thresholds',
    async () => {
      await writeFile(join(directory, 'sweep.yaml'), sweep('< 40ms'));
      const first = await livemig(['sweep', 'sweep.yaml', '--out', 'set', '--junit', 'sweep.xml']);
      expect(first.stdout).toContain('all strategy=post-copy: 1 of 1 threshold holds');
      expect(first.stdout).toContain('all strategy=stop-and-copy: 0 of 1 threshold hold');
      expect(first.code).toBe(99);
      expect(await file('sweep.xml')).toContain('<testsuites name="livemig sweep" tests="6" failures="1"');
      await writeFile(join(directory, 'sweep.yaml'), sweep('< 10s'));
      const again = await livemig(['sweep', 'sweep.yaml', '--out', 'set', '--json']);
      expect(again.code).toBe(0);
      const { complete, thresholds } = JSON.parse(again.stdout) as {
        complete: boolean;
        thresholds: object[];
      };
      expect(complete).toBe(true);
      expect(thresholds).toMatchObject([{ holds: true }, { holds: true }]);
      // Nothing was run again.
      expect((await file('set/runs.jsonl')).trim().split('\n')).toHaveLength(4);
    },
    timeoutMs,
  );

  test(
    'refuses thresholds of a search',
    async () => {
      const text = sweep('< 1s')
        .replace('strategy: [stop-and-copy, post-copy]', 'strategy: [pre-copy]')
        .concat(
          '    bisect: { axis: mb, sets: workload.region, unit: MiB, low: 1, high: 4, scale: linear, resolution: 1 }\n',
        )
        .replace('workload: idle', "workload: 'stress:1MiB'");
      await writeFile(join(directory, 'search.yaml'), text);
      const { code, stderr } = await livemig(['sweep', 'search.yaml', '--out', 'search', '--dry-run']);
      expect(stderr).toContain('thresholds: a search has no fixed cells to judge');
      expect(code).toBe(2);
    },
    timeoutMs,
  );
});

describe('livemig compare', () => {
  test(
    '--junit has a case per cell and quantity; what could not be compared is no pass',
    async () => {
      const set = (name: string, ...args: string[]): Promise<Outcome> =>
        livemig(['run', ...stopAndCopy, ...small, '--repeat', '3', '--out', name, ...args]);
      await Promise.all([set('a.jsonl'), set('b.jsonl', '--max-bandwidth', '100'), set('c.jsonl')]);
      const across = ['--across', 'limits.maxBandwidthMbps'];
      const slower = await livemig(['compare', 'a.jsonl', 'b.jsonl', ...across, '--junit', 'slower.xml']);
      expect(slower.code).toBe(1);
      expect(await file('slower.xml')).toMatch(
        /<testsuites name="livemig compare" tests="\d+" failures="[1-9]/,
      );
      expect(await file('slower.xml')).toContain('type="regression"');
      const same = await livemig(['compare', 'a.jsonl', 'c.jsonl', '--junit', 'same.xml']);
      expect(same.code).toBe(0);
      expect(await file('same.xml')).toMatch(/failures="0"/);
    },
    timeoutMs,
  );
});
