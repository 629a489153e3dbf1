import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Comparison } from '#harness/compare/compare';
import type { Judgement } from '#harness/trends/judgement';
import { parseCsv } from '#test/support/csv';
import { controlOf, documentsAsRuns } from '#test/support/studies';
import type { PaperRun } from '#test/support/trend-runs';
import { trendRun } from '#test/support/trend-runs';
import { runLivemig, runLivemigInShell } from '#test/support/livemig-process';
import type { Outcome } from '#test/support/livemig-process';

/**
 * The real command in a separate process, in the directory of the result sets; the time limit only guards against
 * hanging.
 */
const livemig = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
  runLivemig(args, { cwd: directory, env });

const timeoutMs = 60_000;
let directory: string;
const hybrid = documentsAsRuns().filter(({ part, cell }) => part === 'hybrid' && cell['link'] === '1G');
const write = (name: string, runs: readonly PaperRun[]): Promise<void> =>
  writeFile(join(directory, name), runs.map((run) => `${JSON.stringify(trendRun(run))}\n`).join(''));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-cli-'));
  await write('good.jsonl', hybrid);
  await write('bad.jsonl', controlOf('5a').spoil(controlOf('1a').spoil(hybrid)));
});
afterAll(() => rm(directory, { recursive: true }));

describe('validate', () => {
  test(
    'prints the verdicts; unmeasured checks fail only if all are required',
    async () => {
      const { code, stdout } = await livemig(['validate', 'good.jsonl']);
      expect(stdout).toMatch(/^ {2}1a +holds /m);
      expect(stdout).toMatch(/^ {2}1b +not measured /m);
      expect(code).toBe(0);
      expect((await livemig(['validate', 'good.jsonl', '--require-all'])).code).toBe(1);
    },
    timeoutMs,
  );

  test(
    'exits with 1 if a check fails, and writes JSON, JUnit and the summary of a GitHub step',
    async () => {
      const summary = join(directory, 'summary.md');
      await writeFile(summary, 'before\n');
      const { code, stdout } = await livemig(
        ['validate', 'bad.jsonl', '--json', '--junit', 'trends.xml', '--github-summary'],
        { GITHUB_STEP_SUMMARY: summary },
      );
      expect(code).toBe(1);
      const judgement = JSON.parse(stdout) as Judgement;
      const failed = judgement.verdicts.filter(({ verdict }) => verdict === 'fails').map(({ id }) => id);
      expect(failed).toEqual(['1a', '5a', '19a']);
      expect(await readFile(join(directory, 'trends.xml'), 'utf8')).toContain('failures="3"');
      expect(await readFile(summary, 'utf8')).toMatch(
        /^before\n## The documents' trends\n\n- documents, two-sided: .*\n- documents, one-sided: 1 holds, 2 fail/,
      );
    },
    timeoutMs,
  );

  test(
    'reports every problem of its input, with exit code 2',
    async () => {
      const { code, stdout, stderr } = await livemig(
        ['validate', 'none', '--accounting', 'wier', '--json', '--markdown', '--github-summary'],
        { GITHUB_STEP_SUMMARY: '' },
      );
      expect(code).toBe(2);
      expect((JSON.parse(stdout) as { error: { problems: string[] } }).error.problems).toHaveLength(4);
      expect(stderr).toContain('did you mean "wire"?');
      expect(stderr).toContain('none: there is no such file or directory');
    },
    timeoutMs,
  );
});

describe('compare', () => {
  test(
    'exits with 1 on a regression',
    async () => {
      const same = await livemig(['compare', 'good.jsonl', 'good.jsonl', '--markdown']);
      expect(same.code).toBe(0);
      expect(same.stdout).toContain('## Comparison: 0 regressions');
      const { code, stdout } = await livemig(['compare', 'good.jsonl', 'bad.jsonl', '--json']);
      expect(code).toBe(1);
      expect((JSON.parse(stdout) as Comparison).counts.regression).toBeGreaterThan(1);
    },
    timeoutMs,
  );

  test(
    'exits with 2 and a reason when nothing matches, and with 1 on a partial match unless that is allowed',
    async () => {
      const tenth = hybrid.map((run) => ({ ...run, guestScale: 0.1 }));
      await write('scaled.jsonl', tenth);
      const none = await livemig(['compare', 'good.jsonl', 'scaled.jsonl', '--json']);
      expect(none.code).toBe(2);
      expect(none.stderr).toContain('differs in guest.ramBytes');
      await write('partly.jsonl', hybrid.slice(3));
      const some = await livemig(['compare', 'good.jsonl', 'partly.jsonl']);
      expect(some.code).toBe(1);
      expect(some.stdout).toContain('Only in A:');
      expect((await livemig(['compare', 'good.jsonl', 'partly.jsonl', '--partial'])).code).toBe(0);
    },
    timeoutMs,
  );

  test(
    'reports every problem of both sets, with exit code 2',
    async () => {
      const { code, stderr } = await livemig(['compare', 'a', 'b', '--threshold', 'much', '--treshold', '5']);
      expect(code).toBe(2);
      for (const text of [
        'a: there is no',
        'b: there is no',
        '--threshold: expected a percentage',
        'did you mean --threshold?',
      ])
        expect(stderr).toContain(text);
    },
    timeoutMs,
  );
});

test(
  'export writes the same CSV to a file and to standard output',
  async () => {
    const { code, stdout } = await livemig(['export', 'good.jsonl']);
    expect(code).toBe(0);
    expect(parseCsv(stdout)).toHaveLength(1 + hybrid.length);
    const file = await livemig(['export', 'good.jsonl', '--csv', 'runs.csv']);
    expect([file.code, file.stdout]).toEqual([0, '']);
    expect(await readFile(join(directory, 'runs.csv'), 'utf8')).toBe(stdout);
    const wrong = await livemig(['export', 'good.jsonl', '--csv', '.', '--table', 'rouns']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('got a directory');
    expect(wrong.stderr).toContain('did you mean "runs"?');
  },
  timeoutMs,
);

test.each(['validate', 'compare', 'export'])(
  '%s --help explains itself with examples',
  async (command) => {
    const { code, stdout } = await livemig([command, '--help']);
    expect(code).toBe(0);
    for (const text of [`livemig ${command}`, 'Examples:', 'Exit codes:']) expect(stdout).toContain(text);
  },
  timeoutMs,
);

describe('a place that can not be written to', () => {
  const wholeDisk = (args: string): Promise<Outcome> =>
    runLivemigInShell(`${args} > /dev/full`, { cwd: directory });

  test.each(['export good.jsonl', 'compare nothing good.jsonl --json'])(
    'standard output on a full disk is reported in one line: %s',
    async (args) => {
      const { code, stderr } = await wholeDisk(args);
      expect([1, 2]).toContain(code);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      if (code === 1) expect(stderr).toMatch(/standard output can't be written.*ENOSPC/);
    },
    timeoutMs,
  );

  test(
    'is reported before any work is done, whichever option names it',
    async () => {
      for (const [...args] of [
        ['validate', 'good.jsonl', '--junit', '/proc/nope/x.xml'],
        ['export', 'good.jsonl', '--csv', '/proc/nope'],
        ['report', 'good.jsonl', '--out', '.'],
      ]) {
        const { code, stdout, stderr } = await livemig(args);
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
        expect(stderr).toMatch(/^livemig: --\w+: .*\n$/);
      }
    },
    timeoutMs,
  );

  test(
    'a torn line spoils no other: every command reports it and goes on',
    async () => {
      await writeFile(
        join(directory, 'torn.jsonl'),
        `{"half\n${await readFile(join(directory, 'good.jsonl'), 'utf8')}`,
      );
      for (const args of [
        ['export', 'torn.jsonl'],
        ['compare', 'torn.jsonl', 'good.jsonl'],
      ]) {
        const { code, stderr } = await livemig(args);
        expect({ args, code }).toEqual({ args, code: 0 });
        expect(stderr).toMatch(/^livemig: torn\.jsonl:1: not JSON .*left out/);
      }
    },
    timeoutMs,
  );
});
