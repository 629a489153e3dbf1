import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEVER, Subject } from 'rxjs';
import type { RunEvent } from '#harness/run/events';
import { openStore } from '#harness/store';
import { codeOf, messageOf } from '#proto/errors';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-store-'));
});
afterEach(() => rm(directory, { recursive: true }));

const result = (runId: string) => ({
  runId,
  startedAt: '2026-07-24T09:15:02.123Z',
  scenario: { name: 'a b/c' },
  state: 'completed',
});
const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));
const linesOf = async (file: string): Promise<unknown[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
const phase = (atMs: number): RunEvent => ({ type: 'phase', atMs, phase: 'up' });

describe('a directory', () => {
  test('holds a file and a line for each run, and its events', async () => {
    const out = join(directory, 'deep', 'er');
    const store = await openStore(out);
    for (const runId of ['one', 'two']) {
      const events = new Subject<RunEvent>();
      const recording = await store.record(events);
      events.next(phase(1));
      events.next(phase(2));
      const base = join(out, `20260724T091502Z-a_b_c-${runId}`);
      expect(await recording.finish(result(runId))).toEqual([`${base}.json`]);
      expect(await read(`${base}.json`)).toEqual(result(runId));
      expect(await linesOf(`${base}.events.jsonl`)).toEqual([phase(1), phase(2)]);
      expect(events.observed).toBe(false);
    }
    expect(await linesOf(join(out, 'runs.jsonl'))).toEqual([result('one'), result('two')]);
    expect((await readdir(out)).filter((file) => file.includes('tmp'))).toEqual([]);
  });

  test('keeps nothing of a run without a result', async () => {
    const recording = await (await openStore(directory)).record(NEVER);
    await recording.discard();
    await recording.discard();
    expect(await readdir(directory)).toEqual([]);
  });

  test('keeps the result when a finished recording is discarded', async () => {
    const recording = await (await openStore(directory)).record(NEVER);
    const [file] = await recording.finish(result('one'));
    await recording.discard();
    expect(await read(file!)).toEqual(result('one'));
  });
});

describe('a file', () => {
  test('.json holds one result as it is, several under one key', async () => {
    const file = join(directory, 'out.json');
    const store = await openStore(file);
    await (await store.record(NEVER)).finish(result('one'));
    expect(await read(file)).toEqual(result('one'));
    await (await store.record(NEVER)).finish(result('two'));
    expect(await read(file)).toEqual({ results: [result('one'), result('two')] });
    expect(await readdir(directory)).toEqual(['out.json']);
  });

  test('.jsonl grows from one store to the next', async () => {
    const file = join(directory, 'out.jsonl');
    for (const runId of ['one', 'two'])
      await (await (await openStore(file)).record(NEVER)).finish(result(runId));
    expect(await linesOf(file)).toEqual([result('one'), result('two')]);
  });
});

test('a place that can’t be written to is bad input, reported before the run', async () => {
  await writeFile(join(directory, 'file'), '');
  await expect(openStore(join(directory, 'file', 'below'))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    problems: [expect.stringContaining('--out')],
  });
});

describe('before the run', () => {
  const problemOf = (out: string) =>
    openStore(out).then(
      () => 'it opened',
      (error: unknown) => `${codeOf(error)} ${messageOf(error)}`,
    );

  test('a directory named like a file is bad input', async () => {
    const out = join(directory, 'x.json');
    await mkdir(out);
    expect(await problemOf(out)).toMatch(/^BAD_INPUT --out: expected a file to write, got a directory/);
    await mkdir(join(directory, 'runs.jsonl'));
    expect(await problemOf(directory)).toMatch(/^BAD_INPUT --out: .*got a directory, .*runs\.jsonl/);
  });

  test('a name that no directory accepts is bad input, and noticed', async () => {
    for (const out of [
      '/proc/nope',
      '/proc/nope/deeper',
      '/proc/x.json',
      join(directory, `${'x'.repeat(300)}.json`),
    ])
      expect(await problemOf(out)).toMatch(/^BAD_INPUT --out: .* can't be written to: /);
  });
});

describe('what killed writers leave', () => {
  test('is removed at the next start, while the file of a living one stays', async () => {
    const recording = await (await openStore(directory)).record(NEVER);
    const [living] = await readdir(directory);
    for (const name of [`.${randomUUID()}.tmp`, `.${randomUUID()}.tmp`])
      await writeFile(join(directory, name), 'x');
    await writeFile(join(directory, '.mine.tmp'), 'x');
    await openStore(directory);
    expect((await readdir(directory)).sort()).toEqual([living, '.mine.tmp'].sort());
    await recording.discard();
    expect(await readdir(directory)).toEqual(['.mine.tmp']);
  });

  test('a torn line is not continued', async () => {
    const file = join(directory, 'runs.jsonl');
    await appendFile(file, '{"half');
    await (await (await openStore(directory)).record(NEVER)).finish(result('one'));
    expect(await readFile(file, 'utf8')).toBe(`{"half\n${JSON.stringify(result('one'))}\n`);
  });
});

test('a name of any length makes a file', async () => {
  const recording = await (await openStore(directory)).record(NEVER);
  const [file] = await recording.finish({ ...result('one'), scenario: { name: 'x'.repeat(400) } });
  expect(await read(file!)).toMatchObject({ runId: 'one' });
});
