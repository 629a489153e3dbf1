import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { readResults } from '#harness/results';
import type { LivemigError } from '#proto/errors';
import { completedPaperResult } from '#test/support/paper-result';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-results-'));
});
afterEach(() => rm(directory, { recursive: true }));

const run = (runId: string): RunResult => ({ ...completedPaperResult(), runId });
const lines = (...documents: unknown[]): string =>
  documents.map((document) => `${JSON.stringify(document)}\n`).join('');
const write = async (path: string, text: string | Buffer): Promise<string> => {
  const file = join(directory, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  return file;
};
const idsOf = async (...paths: string[]): Promise<string[]> =>
  (await readResults(paths)).map(({ runId }) => runId);
const problemsOf = async (...paths: string[]): Promise<readonly string[]> => {
  const error = await readResults(paths).then(
    () => undefined,
    (thrown: unknown) => thrown as LivemigError,
  );
  expect(error?.code).toBe('BAD_INPUT');
  return error?.problems ?? [];
};

test('reads every runs.jsonl below a directory, and no other file', async () => {
  await write('a/runs.jsonl', lines(run('1'), run('2')));
  await write('b/c/runs.jsonl', `${lines(run('3'))}\n`);
  await write('b/c/2026-run.json', JSON.stringify(run('3')));
  await write('a/1.events.jsonl', lines({ type: 'status' }));
  await write('a/sweep.json', '{}');
  expect(await idsOf(directory)).toEqual(['1', '2', '3']);
});

test('reads .jsonl, .json with one result and .json with several, each run once', async () => {
  const several = await write('several.json', JSON.stringify({ results: [run('1'), run('2')] }));
  const second = JSON.stringify(run('2'));
  const one = await write('one.json', second);
  const line = await write('line.jsonl', lines(run('3'), run('1')));
  expect(await idsOf(several, one, line)).toEqual(['1', '2', '3']);
  expect((await readResults([one]))[0]).toEqual(JSON.parse(second));
});

test('reads compressed sets, and says which file is not one', async () => {
  await write('a/runs.jsonl.zst', zstdCompressSync(lines(run('1'), run('2'))));
  expect(await idsOf(directory)).toEqual(['1', '2']);
  expect(await idsOf(join(directory, 'a/runs.jsonl.zst'))).toEqual(['1', '2']);
  const broken = await write('b/runs.jsonl.zst', lines(run('3')));
  expect((await problemsOf(directory)).join()).toContain(`${broken}: expected a file compressed by zstd`);
});

test('reports every problem at once, with file and line', async () => {
  const wrong = structuredClone(run('1'));
  (wrong.measurement as unknown as Record<string, unknown>)['downtimeMs'] = null;
  const file = await write('x.jsonl', `${lines(run('0'), wrong)}{"torn":\n${lines({ state: 'fine' })}`);
  const text = await write('x.txt', '');
  await mkdir(join(directory, 'empty'));
  const problems = await problemsOf(file, text, join(directory, 'empty'), join(directory, 'gone'));
  expect(problems.join('\n')).toContain(`${file}:2: measurement.downtimeMs: `);
  expect(problems.join('\n')).toContain(`${file}:3: not JSON (`);
  expect(problems.join('\n')).toContain(`${file}:4: `);
  expect(problems.join('\n')).toContain(`${text}: expected a directory`);
  expect(problems.join('\n')).toContain('empty: no runs.jsonl in it');
  expect(problems.join('\n')).toContain('gone: there is no such file or directory');
});

test('a document of another schema is wrong in many places and is reported in a few lines', async () => {
  const file = await write('old.json', JSON.stringify({ state: 'completed', runId: 'x' }));
  const problems = await problemsOf(file);
  expect(problems).toHaveLength(4);
  expect(problems[3]).toMatch(/and \d+ more$/);
});

test('a torn line is reported with file and line, and spoils no other', async () => {
  const file = await write('runs.jsonl', `${lines(run('1'))}{"torn":\n${lines(run('2'))}{"runId":`);
  const told: string[] = [];
  const runs = await readResults([file], [], (text) => told.push(text));
  expect(runs.map(({ runId }) => runId)).toEqual(['1', '2']);
  expect(told).toEqual([
    expect.stringMatching(/runs\.jsonl:2: not JSON.*: torn/),
    expect.stringMatching(/runs\.jsonl:4: not JSON.*: unfinished/),
  ]);
  expect(told[0]).toContain(`${file}:2: `);
});

test('a line that no writer of ours left is a problem, and so is a set of nothing but torn lines', async () => {
  const foreign = await write('foreign.jsonl', `${lines(run('1'))}not ours\n`);
  expect(await problemsOf(foreign)).toEqual([expect.stringContaining(`${foreign}:2: not JSON`)]);
  const torn = await write('torn.jsonl', '{"runId":');
  expect(await problemsOf(torn)).toEqual([
    `${torn}: no results in it`,
    expect.stringContaining(`${torn}:1: not JSON`),
  ]);
});

test('a last line that only lacks its line end is whole', async () => {
  const whole = await write('whole.jsonl', lines(run('1')).trimEnd());
  expect(await idsOf(whole)).toEqual(['1']);
});

test('having no runs at all is a problem', async () => {
  const file = await write('runs.jsonl', '\n');
  expect(await problemsOf(file)).toEqual([`${file}: no results in it`]);
});
