import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '#proto/errors';
import { LivemigError } from '#proto/errors';
import type { RunResult } from '#harness/result';
import type { Refuted } from '#harness/run/kept-testbed';
import { endedResult, startRecord } from '#harness/run/record';
import type { RunOptions } from '#harness/run';
import { runSweep } from '#harness/sweep/execute';
import type { SweepOptions } from '#harness/sweep/execute';
import type { MadeRun } from '#harness/sweep/ledger';
import { Ledger, madeRun } from '#harness/sweep/ledger';
import type { Block, Trial } from '#harness/sweep/plan';
import { planOf } from '#harness/sweep/plan';
import { completedPaperResult } from '#test/support/paper-result';
import { expansionOf } from '#test/support/sweep-file';

const planned = (parts: string): Block[] =>
  planOf(expansionOf(`name: a\nguestScale: 1\nrepeats: 2\nseed: 1\nparts: { ${parts} }`), {
    seed: 1,
    blockRuns: 3,
  });
/** Four runs over one link and four over another, in blocks of two. */
const grid = planned('p: { grid: { link: [lan-1g, lan-10g], load: { a: {}, b: {} } } }');
const search = planned(
  'q: { repeats: 1, grid: { link: [lan-1g] }, bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: 128, scale: geometric, resolution: 1.5 } }',
);

type Outcome = ErrorCode | 'completed';

/** A sweep whose runs end as `outcomeOf` says, with what was stored and reported. */
const bench = (
  blocks: readonly Block[],
  outcomeOf: (trial: Trial, nth: number) => Outcome = () => 'completed',
  change: Partial<SweepOptions> & {
    made?: readonly MadeRun[];
    closing?: (stored: RunResult[]) => Refuted | null;
  } = {},
) => {
  const stored: RunResult[] = [];
  const log: string[] = [];
  const controller = new AbortController();
  const counts = new Map<string, number>();
  const ledger = new Ledger(2, change.made ?? []);
  let refuted: Refuted | null = null;
  const run = async (
    { scenario, part, labels, repeat }: Trial,
    { sweep, testbeds }: RunOptions,
  ): Promise<RunResult> => {
    expect(testbeds).toBeDefined();
    const key = JSON.stringify([part, labels, repeat]);
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const outcome = outcomeOf({ scenario, part, labels, repeat }, nth);
    const record = startRecord(scenario, sweep);
    log.push(`run ${scenario.link}`);
    return outcome === 'completed'
      ? { ...completedPaperResult(), runId: record.runId, sweep: sweep ?? null }
      : endedResult(record, new LivemigError(outcome, outcome));
  };
  const options: SweepOptions = {
    blocks,
    ledger,
    set: {
      sweepId: 'sweep-1',
      made: change.made ?? [],
      isTorn: false,
      torn: [],
      record: async () => ({
        finish: async (result) => void stored.push(result),
        discard: async () => undefined,
      }),
      append: async (result) => void stored.push(result),
      invalidate: async (runIds) => void log.push(`invalidate ${runIds.length}`),
      [Symbol.asyncDispose]: async () => undefined,
    },
    about: { name: 'a', experiment: null, guestScale: 1 },
    signal: controller.signal,
    watcher: {
      began: () => undefined,
      ended: (_, { state }, meaning) => void log.push(`${state} ${meaning}`),
      refuted: (runs, reasons) => void log.push(`refuted ${runs.length}: ${reasons.join()}`),
    },
    run,
    keepTestbed: () => {
      log.push('keep');
      return {
        lend: () => Promise.reject(new Error('nothing is lent here')),
        close: async () => {
          log.push('close');
          refuted = change.closing?.(stored) ?? null;
        },
        takeRefuted: () => {
          const taken = refuted;
          refuted = null;
          return taken;
        },
        [Symbol.asyncDispose]: async () => void log.push('down'),
      };
    },
    availableBytes: () => 2 ** 40,
    ...change,
  };
  return { stored, log, controller, ledger, run: () => runSweep(options) };
};

const idsOf = (results: readonly RunResult[]) =>
  results.map(({ sweep }) => JSON.stringify([sweep?.part, sweep?.cell, sweep?.repeat]));

describe('a sweep', () => {
  test('runs every block in its own testbed, and reports progress with every run', async () => {
    const { stored, log, run, ledger } = bench(grid);
    await run();
    expect(log.filter((line) => line === 'keep')).toHaveLength(grid.length);
    expect(log.filter((line) => line === 'down')).toHaveLength(grid.length);
    const block = ['keep', 'run', 'completed answer', 'run', 'completed answer', 'close', 'down'];
    expect(log.map((line) => line.replace(/^run .*/, 'run'))).toEqual(grid.flatMap(() => block));
    expect(new Set(idsOf(stored)).size).toBe(8);
    expect(stored.map(({ sweep }) => sweep?.order)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(stored[0]!.sweep).toMatchObject({
      sweepId: 'sweep-1',
      name: 'a',
      experiment: null,
      guestScale: 1,
      part: 'p',
    });
    expect(grid.every((each) => ledger.isComplete(each))).toBe(true);
  });

  test('continues where an earlier one ended', async () => {
    const first = bench(grid);
    await first.run();
    const made = first.stored.slice(0, 5).map((result) => madeRun(result)!);
    const second = bench(grid, undefined, { made });
    await second.run();
    expect(idsOf([...first.stored.slice(0, 5), ...second.stored])).toEqual(idsOf(first.stored));
    expect(second.stored.map(({ sweep }) => sweep?.order)).toEqual([5, 6, 7]);
    // No testbed is started for runs that exist.
    expect(second.log.filter((line) => line === 'keep')).toHaveLength(2);
  });

  test('repeats runs without an answer, and stores them too; gives up after a few, and on a finding at once', async () => {
    const trials = grid.flatMap((block) => (block.kind === 'trials' ? block.trials : []));
    const [flaky, hopeless, broken] = trials;
    const is = (wanted: Trial | undefined, { labels, repeat }: Trial) =>
      wanted?.labels === labels && wanted.repeat === repeat;
    const { stored, run, ledger } = bench(grid, (trial, nth) => {
      if (is(flaky, trial)) return nth === 1 ? 'CROSS_CHECK_FAILED' : 'completed';
      if (is(hopeless, trial)) return 'LINK_OUT_OF_TOLERANCE';
      return is(broken, trial) ? 'INTEGRITY_VIOLATED' : 'completed';
    });
    await run();
    const states = stored.map(({ state }) => state);
    expect(states.filter((state) => state === 'invalid')).toHaveLength(1 + 3);
    expect(states.filter((state) => state === 'failed')).toHaveLength(1);
    expect(states.filter((state) => state === 'completed')).toHaveLength(6);
    expect(ledger.answerTo(flaky!)).toBeDefined();
    expect([hopeless, broken].map((trial) => ledger.isGivenUp(trial!))).toEqual([true, true]);
  });

  test('invalidates and repeats what the closing throughput refutes', async () => {
    const block = grid.slice(0, 1);
    let closings = 0;
    const closing = (stored: RunResult[]): Refuted | null =>
      ++closings === 1 ? { runIds: stored.slice(0, 2).map(({ runId }) => runId), reasons: ['slow'] } : null;
    const { stored, log, run, ledger } = bench(block, undefined, { closing });
    await run();
    expect(log.filter((line) => line.startsWith('invalidate'))).toEqual(['invalidate 2']);
    expect(log).toContain('refuted 2: slow');
    expect(stored).toHaveLength(4);
    expect(idsOf(stored.slice(2)).toSorted()).toEqual(idsOf(stored.slice(0, 2)).toSorted());
    expect(closings).toBe(2);
    expect(ledger.isComplete(block[0]!)).toBe(true);
  });

  test('bisects, with one stored run per evaluation', async () => {
    const { stored, run, ledger } = bench(search, ({ labels }) =>
      Number(labels['mb']) < 40 ? 'completed' : 'NOT_CONVERGED',
    );
    await run();
    expect(stored.map(({ sweep, state }) => [sweep?.cell['mb'], state])).toEqual([
      [32, 'completed'],
      [64, 'failed'],
      [45.3, 'failed'],
    ]);
    expect(ledger.isComplete(search[0]!)).toBe(true);
  });

  test('stores a cell that needs too much memory as unsupported, once and without running it', async () => {
    const { stored, log, run } = bench(grid, undefined, { availableBytes: () => 2 ** 30 });
    await run();
    expect(stored).toHaveLength(8);
    expect(stored[0]).toMatchObject({
      state: 'unsupported',
      error: { code: 'UNSUPPORTED' },
      sweep: { part: 'p' },
    });
    expect(stored[0]!.error?.message).toMatch(
      /touches 512 MiB, at source and destination; .* this machine has 1 GiB free/,
    );
    expect(log.filter((line) => line.startsWith('run'))).toEqual([]);
    const again = bench(grid, undefined, {
      availableBytes: () => 2 ** 30,
      made: stored.map((result) => madeRun(result)!),
    });
    await again.run();
    expect(again.stored).toEqual([]);
  });

  test("gives the memory of a kept testbed's guests to the next run", async () => {
    const inTestbed = { log: [] as readonly string[] };
    const availableBytes = (): number =>
      2 ** (inTestbed.log.filter((line) => line === 'keep' || line === 'down').at(-1) === 'keep' ? 30 : 40);
    const made = bench(grid, undefined, { availableBytes });
    inTestbed.log = made.log;
    await made.run();
    expect(made.stored.map(({ state }) => state)).not.toContain('unsupported');
  });

  test('when aborted, ends the run under way, does not store it, and takes its testbed down', async () => {
    const made = bench(grid, (_, nth) => {
      if (made.stored.length === 2 && nth === 1) made.controller.abort();
      return made.controller.signal.aborted ? 'CANCELLED' : 'completed';
    });
    await made.run();
    expect(made.stored).toHaveLength(2);
    expect(made.log.at(-1)).toBe('down');
    expect(made.log.filter((line) => line === 'keep')).toHaveLength(2);
  });
});
