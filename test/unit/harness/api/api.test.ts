import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { firstValueFrom, toArray } from 'rxjs';
import { judge, openTestbed, run, sweep, validate } from '#harness/api';
import type { SweepEvent } from '#harness/api';
import { schemaProblems } from '#test/support/result-schema';

const small = { driver: 'sim', link: 'lan-1g', guest: '16MiB', workload: 'idle', warmupMs: 100 } as const;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-api-'));
});
afterAll(() => rm(directory, { recursive: true }));

const written = async (name: string, text: string): Promise<string> => {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
};

describe('run', () => {
  test('resolves to a result, and its events end with it', async () => {
    const running = run(small);
    const events = firstValueFrom(running.events.pipe(toArray()));
    const result = await running;
    expect(schemaProblems(result)).toEqual([]);
    expect(result).toMatchObject({ state: 'completed', scenario: { name: 'scenario' } });
    const phases = (await events).flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
    expect(new Set(phases)).toEqual(
      new Set(['up', 'link', 'calibrate', 'boot', 'warm-up', 'migrate', 'collect', 'verify', 'down']),
    );
  });

  test('takes a file, and overrides over it', async () => {
    const file = await written('mine.yaml', JSON.stringify({ ...small, strategy: 'pre-copy' }));
    const result = await run(file, { overrides: { strategy: 'post-copy', guest: { vcpus: 2 } } });
    expect(result).toMatchObject({
      state: 'completed',
      strategy: 'post-copy',
      scenario: { name: 'mine', guest: { ramBytes: 16 << 20, vcpus: 2 } },
    });
  });

  test('rejects bad input with all problems, and events end', async () => {
    const running = run({ ...small, link: 'lan-1', strategy: 'pre', repeat: 1.5 }, { retries: -1 });
    const events = firstValueFrom(running.events.pipe(toArray()));
    await expect(running).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [
        expect.stringContaining('retries: expected a whole number'),
        expect.stringContaining('lan-1'),
        expect.stringContaining('pre'),
        expect.stringContaining('repeat'),
      ],
    });
    expect(await events).toEqual([]);
  });

  test('makes one run', async () => {
    await expect(run({ ...small, repeat: 2 })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('repeat: expected 1, got 2')],
    });
  });

  test('judges no thresholds of its own, and says what does', async () => {
    await expect(run({ ...small, thresholds: 'downtimeMs: < 300' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('judge(runs, thresholds)')],
    });
  });

  test('ends as aborted by its signal', async () => {
    const controller = new AbortController();
    const running = run(small, { signal: controller.signal });
    running.events.subscribe((event) => {
      if (event.type === 'phase' && event.phase === 'warm-up') controller.abort();
    });
    expect(await running).toMatchObject({ state: 'aborted', measurement: null });
  });
});

describe('openTestbed', () => {
  test('makes runs one after the other, by its own driver', async () => {
    await using testbed = await openTestbed({ driver: 'sim' });
    const order: string[] = [];
    const told = (name: string) => {
      const running = testbed.run({ ...small, driver: 'netns' });
      running.events.subscribe({ next: () => order.push(name), complete: () => order.push(`${name} ends`) });
      return running;
    };
    const [first, second] = await Promise.all([told('first'), told('second')]);
    expect([first.state, second.state, first.driver, testbed.driver]).toEqual(['completed', 'completed', 'sim', 'sim']); // prettier-ignore
    expect(order.lastIndexOf('first')).toBeLessThan(order.indexOf('second'));
  });

  test('when disposed of, aborts the run under way and takes no more', async () => {
    const testbed = await openTestbed({ driver: 'sim' });
    const running = testbed.run({ ...small, guest: '64MiB' });
    const waiting = testbed.run(small);
    await firstValueFrom(running.events);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    await testbed[Symbol.asyncDispose]();
    expect(await running).toMatchObject({ state: 'aborted' });
    await refused;
    await expect(testbed.run(small)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('goes on after bad input', async () => {
    await using testbed = await openTestbed({ driver: 'sim' });
    const bad = testbed.run({ ...small, link: 'none' });
    const good = testbed.run(small);
    await expect(bad).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await good).toMatchObject({ state: 'completed' });
  });

  test('rejects a driver that does not exist', async () => {
    await expect(openTestbed({ driver: 'vmware' as 'sim' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('sweep and validate', () => {
  test('run a sweep, tell of it, and resume it without another run', async () => {
    const file = await written(
      'tiny.yaml',
      `name: tiny\nguestScale: 1/64\nrepeats: 2\nseed: 3\nbase: ${JSON.stringify({ ...small, guest: '16MiB' })}\nparts:\n  one:\n    grid:\n      strategy: [pre-copy, post-copy]\n`,
    );
    const out = join(directory, 'tiny');
    const running = sweep(file, { out });
    const events: SweepEvent[] = [];
    running.events.subscribe((event) => events.push(event));
    const { isComplete, runs, cells } = await running;
    expect([isComplete, runs.length, cells.length]).toEqual([true, 4, 2]);
    expect(events.filter(({ type }) => type === 'began')).toHaveLength(4);
    const last = events.findLast((event) => event.type === 'ended');
    expect(last).toMatchObject({ result: { state: 'completed' }, progress: { remainingMs: 0 } });
    expect(events.some((event) => event.type === 'run' && event.event.type === 'status')).toBe(true);

    const again = sweep(file, { out });
    const more = firstValueFrom(again.events.pipe(toArray()));
    expect((await again).runs).toEqual(runs);
    expect(await more).toEqual([]);

    const judgement = await validate(runs, { studies: ['icclab-10g'] });
    expect(judgement.counts['not measured']).toBe(judgement.verdicts.length);
    expect(judgement).toMatchObject({ runs: 4, counts: { holds: 0, fails: 0 } });
    expect(await validate([out], { studies: ['icclab-10g'] })).toEqual(judgement);
  });

  test('reject what is no study, with all problems', async () => {
    await expect(sweep('icclab', { quick: true })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('quick: expected'), expect.stringContaining('did you mean "icclab-10g"')], // prettier-ignore
    });
    await expect(validate([], { studies: ['icclab'] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(validate(join(directory, 'nothing'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('judge', () => {
  test('holds runs to bounds, in both forms', async () => {
    const runs = [await run(small), await run({ ...small, seed: 2 })];
    const bounds = { downtimeMs: ['p95 < 5s', '> 10s'], 'integrity.mismatches': '== 0' };
    expect(judge(runs, bounds).map(({ holds }) => holds)).toEqual([true, false, true]);
    expect(judge(runs, 'downtimeMs: p95 < 5s')).toMatchObject([{ holds: true, runs: { measured: 2 } }]);
  });

  test('rejects what is no bound, with all problems', () => {
    expect(() => judge([], { downtimMs: '< 3', totalTimeMs: 'soon' })).toThrow(
      expect.objectContaining({
        code: 'BAD_INPUT',
        problems: [expect.stringContaining('downtimMs'), expect.stringContaining('totalTimeMs')],
      }),
    );
  });
});
