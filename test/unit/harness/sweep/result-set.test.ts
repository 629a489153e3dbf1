import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Subject } from 'rxjs';
import { makeDirectories } from '#harness/files/places';
import { readResults } from '#harness/results';
import type { RunResult } from '#harness/result';
import type { RunEvent } from '#harness/run';
import { openResultSet, readHeader } from '#harness/sweep/result-set';
import type { ResultSet, Wanted } from '#harness/sweep/result-set';
import { readRuns } from '#harness/sweep/runs-file';
import { thisProcess } from '#harness/testbed/owner';
import { completedPaperResult } from '#test/support/paper-result';

const wanted: Wanted = {
  identity: { name: 'a', seed: '1', 'part x': 'abc' },
  driver: 'netns',
  definition: { name: 'a' },
  plan: [],
};

/** A run of a sweep that has its numbers from the migration on paper. */
const sweptResult = (order: number, runId = `run-${order}`): RunResult => ({
  ...completedPaperResult(),
  runId,
  sweep: {
    sweepId: 's', name: 'a', experiment: null, guestScale: 1, part: 'x', cell: { link: '1G', mb: 5 }, repeat: order, order,
  },
}); // prettier-ignore

let out: string;
let open: ResultSet[] = [];
const openSet = async (change: Partial<Wanted> = {}, fresh = false): Promise<ResultSet> => {
  const set = await openResultSet(out, { ...wanted, ...change }, { fresh });
  open.push(set);
  return set;
};
const closeAll = async (): Promise<void> => {
  for (const set of open) await set[Symbol.asyncDispose]();
  open = [];
};
beforeEach(async () => {
  out = join(await mkdtemp(join(tmpdir(), 'livemig-set-')), 'deep', 'set');
});
afterEach(async () => {
  await closeAll();
  await rm(join(out, '..', '..'), { recursive: true });
});

describe('a result set', () => {
  test('begins empty, takes results with their events, and continues where it was', async () => {
    const first = await openSet();
    expect(first.made).toEqual([]);
    const events = new Subject<RunEvent>();
    const recording = await first.record(events);
    events.next({ type: 'phase', atMs: 1, phase: 'up' });
    await recording.finish(sweptResult(0));
    await recording.discard();
    await closeAll();

    const second = await openSet();
    expect(second.sweepId).toBe(first.sweepId);
    expect(second.made).toEqual([
      expect.objectContaining({
        runId: 'run-0',
        part: 'x',
        labels: { link: '1G', mb: 5 },
        repeat: 0,
        state: 'completed',
      }),
    ]);
    expect(await readFile(join(out, 'events', 'run-0.events.jsonl'), 'utf8')).toBe(
      '{"type":"phase","atMs":1,"phase":"up"}\n',
    );
    expect((await readHeader(out))?.resumedAt).toHaveLength(1);
    expect((await readResults([out])).map(({ runId }) => runId)).toEqual(['run-0']);
  });

  test('keeps nothing of a discarded run', async () => {
    const set = await openSet();
    const recording = await set.record(new Subject());
    await recording.discard();
    expect(await readdir(join(out, 'events'))).toEqual([]);
    expect(await readFile(join(out, 'runs.jsonl'), 'utf8')).toBe('');
  });

  test.each([
    ['in the middle of a line', '{"schemaVersion":1,"runId":"tor'],
    ['of it all but the line’s end', JSON.stringify({ runId: 'torn' })],
  ])('cuts off what a killed harness had written %s', async (_, torn) => {
    await (await openSet()).append(sweptResult(0));
    await closeAll();
    await appendFile(join(out, 'runs.jsonl'), torn);
    await writeFile(join(out, 'events', '.left.events.tmp'), 'x');

    const set = await openSet();
    expect(set.isTorn).toBe(true);
    expect(set.made.map(({ runId }) => runId)).toEqual(['run-0']);
    await set.append(sweptResult(1));
    expect((await readResults([out])).map(({ runId }) => runId)).toEqual(['run-0', 'run-1']);
    expect(await readdir(join(out, 'events'))).toEqual([]);
  });

  test('refuses a line that is damaged anywhere else, and says which', async () => {
    await (await openSet()).append(sweptResult(0));
    await closeAll();
    await appendFile(join(out, 'runs.jsonl'), '{"runId": 5}\n');
    await expect(openSet()).rejects.toThrow(/runs.jsonl:2: no result of a sweep .*--fresh/);
    await writeFile(join(out, 'runs.jsonl'), 'x\n');
    await expect(openSet()).rejects.toThrow(/runs.jsonl:1: not JSON/);
  });

  test('leaves out a torn line in the middle, and reports it', async () => {
    await (await openSet()).append(sweptResult(0));
    await closeAll();
    await appendFile(
      join(out, 'runs.jsonl'),
      `{"schemaVersion":1,"runId":"tor\n${JSON.stringify(sweptResult(1))}\n`,
    );
    const set = await openSet();
    expect(set.made.map(({ runId }) => runId)).toEqual(['run-0', 'run-1']);
    expect(set.isTorn).toBe(false);
    expect(set.torn).toEqual([expect.stringMatching(/runs\.jsonl:2: not JSON/)]);
    await set.invalidate(['run-1'], ['too slow']);
    expect((await readResults([out])).map(({ state }) => state)).toEqual(['completed', 'invalid']);
  });

  test('is only read if nobody continues it', async () => {
    await (await openSet()).append(sweptResult(0));
    await closeAll();
    const file = join(out, 'runs.jsonl');
    await appendFile(file, '{"torn');
    const text = await readFile(file, 'utf8');
    expect(await readRuns(file)).toMatchObject({ isTorn: true, runs: [{ runId: 'run-0' }] });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('can invalidate results afterwards: their numbers become evidence, the rest stays', async () => {
    const set = await openSet();
    for (const order of [0, 1, 2]) await set.append(sweptResult(order));
    await set.invalidate(['run-0', 'run-2'], ['goodput is 400 Mb/s']);
    const results = await readResults([out]);
    expect(results.map(({ state }) => state)).toEqual(['invalid', 'completed', 'invalid']);
    expect(results[0]).toMatchObject({
      measurement: null,
      error: { code: 'LINK_OUT_OF_TOLERANCE', message: expect.stringContaining('400 Mb/s') },
      evidence: { measurement: { totalTimeMs: 2040 } },
    });
    expect(results[1]).toMatchObject({ runId: 'run-1', error: null, measurement: { totalTimeMs: 2040 } });
  });
});

describe('another definition', () => {
  test('is refused with the differences and what to do; --fresh puts the old set aside', async () => {
    const first = await openSet();
    await first.append(sweptResult(0));
    await closeAll();
    const changed = { identity: { name: 'a', seed: '2', 'part x': 'abd', 'part y': 'e' } };
    await expect(openSet(changed)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(
        /seed was 1, now 2; part x changed; part y is new\): resume with .*--out.*--fresh/,
      ),
    });
    await expect(openSet({ driver: 'docker' })).rejects.toThrow(/driver was netns, now docker/);

    const fresh = await openSet(changed, true);
    expect(fresh.made).toEqual([]);
    expect(fresh.sweepId).not.toBe(first.sweepId);
    const files = await readdir(out);
    expect(
      files.filter((name) => /^(runs|sweep)-until-\w+\.jsonl?$|^events-until-\w+$/.test(name)),
    ).toHaveLength(3);
    await fresh.append(sweptResult(7));
    expect((await readResults([out])).map(({ runId }) => runId)).toEqual(['run-7']);
  });
});

describe('the lock', () => {
  test('keeps out a second sweep, and is released with the set', async () => {
    await openSet();
    await expect(openResultSet(out, wanted, { fresh: false })).rejects.toThrow(
      new RegExp(`another sweep \\(process ${process.pid}\\).*\\.lock; wait until it has ended`),
    );
    await closeAll();
    expect(await readdir(out)).not.toContain('.lock');
    await openSet();
  });

  test.each<[string, () => string]>([
    ['of a dead harness', () => JSON.stringify({ ...thisProcess(), pid: spawnSync('true').pid })],
    ['of a process that reuses a dead one’s id', () => JSON.stringify({ ...thisProcess(), startTime: '1' })],
    ['that was never finished', () => '{"pid'],
  ])('ignores a lock %s', async (_, content) => {
    await openSet();
    await closeAll();
    await writeFile(join(out, '.lock'), content());
    await openSet();
  });
});

test('a directory that cannot be written to is reported before anything runs', async () => {
  await openSet();
  await closeAll();
  await rm(out, { recursive: true });
  await writeFile(out, 'a file');
  await expect(openSet()).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining(`--out: ${out} can't be written to`),
  });
});

describe('an unusable lock file', () => {
  test.each<[string, (file: string) => Promise<unknown>]>([
    ['a directory', (file) => mkdir(file)],
    ['a link', (file) => symlink('/dev/null', file)],
    ['a pipe', async (file) => spawnSync('mkfifo', [file])],
  ])('is bad input: %s', async (_, make) => {
    await makeDirectories(out);
    await make(join(out, '.lock'));
    await expect(openSet()).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringMatching(/\.lock can't be used as a lock: E[A-Z]+.*--out/)],
    });
  });
});
