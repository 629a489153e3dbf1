import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../../../proto/errors.ts';
import { LivemigError } from '../../../../proto/errors.ts';
import type { RunResult } from '../../../../harness/result.ts';
import type { Refuted } from '../../../../harness/run/kept-testbed.ts';
import { endedResult, startRecord } from '../../../../harness/run/record.ts';
import type { RunOptions } from '../../../../harness/run.ts';
import { runSweep } from '../../../../harness/sweep/execute.ts';
import type { SweepOptions } from '../../../../harness/sweep/execute.ts';
import type { MadeRun } from '../../../../harness/sweep/ledger.ts';
import { Ledger, madeRun } from '../../../../harness/sweep/ledger.ts';
import type { Block, Trial } from '../../../../harness/sweep/plan.ts';
import { planOf } from '../../../../harness/sweep/plan.ts';
import { completedPaperResult } from '../../../support/paper-result.ts';
import { expansionOf } from '../../../support/sweep-file.ts';

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

/** A sweep whose runs end as `outcomeOf` says, and what was stored and told of it. */
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
  test('runs every block in a testbed of its own, and says of every run where it stands', async () => {
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

  test('goes on where an earlier one ended', async () => {
    const first = bench(grid);
    await first.run();
    const made = first.stored.slice(0, 5).map((result) => madeRun(result)!);
    const second = bench(grid, undefined, { made });
    await second.run();
    expect(idsOf([...first.stored.slice(0, 5), ...second.stored])).toEqual(idsOf(first.stored));
    expect(second.stored.map(({ sweep }) => sweep?.order)).toEqual([5, 6, 7]);
    // Nothing is brought up for what is there.
    expect(second.log.filter((line) => line === 'keep')).toHaveLength(2);
  });

  test('runs again what says nothing, and stores it too; gives up after so many, and on a finding at once', async () => {
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

  test('takes back and runs again what the closing throughput refutes', async () => {
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

  test('bisects: every evaluation is one stored run', async () => {
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

  test('stores a cell that the machine has no memory for as unsupported, without running it, and once only', async () => {
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

  test("what a kept testbed's guests hold is the next run's", async () => {
    const inTestbed = { log: [] as readonly string[] };
    const availableBytes = (): number =>
      2 ** (inTestbed.log.filter((line) => line === 'keep' || line === 'down').at(-1) === 'keep' ? 30 : 40);
    const made = bench(grid, undefined, { availableBytes });
    inTestbed.log = made.log;
    await made.run();
    expect(made.stored.map(({ state }) => state)).not.toContain('unsupported');
  });

  test('aborted, ends with the run under way, which is not stored, and takes its testbed down', async () => {
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
