import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ControlHandlers, HostRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { Keeper } from '#harness/keeper/keeper';
import { eventually } from '#test/support/eventually';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';

// Several runs a test, on a machine that others share.
jest.setTimeout(60_000);

const never = new AbortController().signal;
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

const bench = async (
  changes: Partial<Record<HostRole, ControlHandlers>> = {},
  options: { idleMaxMs?: number; confirmAfterMs?: number; renew?: () => void } = {},
) => {
  let renewals = 0;
  const driver = scriptedDriver(changes, undefined, async () => {
    renewals += 1;
    options.renew?.();
  });
  const said: string[] = [];
  const keeper = new Keeper({
    scenario: scriptedScenario,
    driver,
    idleMaxMs: options.idleMaxMs ?? 600_000,
    confirmAfterMs: options.confirmAfterMs ?? 600_000,
    signal: never,
    events: { next: () => undefined },
    tell: (text) => said.push(text),
  });
  ending.push(async () => {
    await keeper.end();
    expect(driver.live).toBe(0);
  });
  await keeper.bringUp();
  const run = (signal = never) =>
    keeper.run(scriptedScenario, process.cwd(), { next: () => undefined }, signal);
  const isIdle = () => eventually('an idle keeper', () => keeper.status.state === 'idle');
  const count = (call: string) => driver.calls.filter((name) => name === call).length;
  return { driver, keeper, said, run, isIdle, count, renewals: () => renewals };
};

/** Answers of `probeThroughput` in turn, the last one for ever. */
const throughputs = (...mbps: number[]): NonNullable<ControlHandlers['probeThroughput']> => {
  let turn = 0;
  return async () => ({ goodputMbps: mbps[Math.min(turn++, mbps.length - 1)]!, bytes: 1e8, measuredMs: 500 });
};

describe('a keeper', () => {
  test('makes run after run in one testbed, and renews its agents before the next one asks', async () => {
    const { driver, keeper, run, isIdle, count, renewals } = await bench();
    expect(keeper.status).toMatchObject({ state: 'idle', runs: 0, run: null, warnings: [] });
    for (const made of [1, 2]) {
      expect(await run()).toMatchObject({ say: 'result', result: { state: 'completed' } });
      await isIdle();
      expect([renewals(), keeper.status.runs]).toEqual([made, made]);
    }
    expect([driver.ups, count('wan.applyLink'), count('source.probeThroughput')]).toEqual([1, 1, 1]);
  });

  test('measures the throughput after a run that none follows', async () => {
    const { run, isIdle, count, keeper } = await bench({}, { confirmAfterMs: 1 });
    await isIdle();
    expect(count('source.probeThroughput')).toBe(1);
    await run();
    await eventually('another throughput', () => count('source.probeThroughput') === 2);
    expect(keeper.status.warnings).toEqual([]);
  });

  test('names the runs after which the link turns out wrong, and brings up another testbed', async () => {
    const probeThroughput = throughputs(941, 100, 100, 100, 941);
    const { driver, keeper, run, isIdle } = await bench(
      { source: { probeThroughput } },
      { confirmAfterMs: 1 },
    );
    const said = await run();
    await eventually('another testbed', () => driver.ups === 2);
    await isIdle();
    const runId = said.say === 'result' ? said.result.runId : 'none';
    expect(keeper.status.warnings).toEqual([expect.stringContaining(runId)]);
    expect(await run()).toMatchObject({ say: 'result', result: { state: 'completed' } });
  });

  test('takes one run at a time', async () => {
    const { run } = await bench();
    const first = run();
    expect(await run()).toEqual({ say: 'busy', run: scriptedScenario.name });
    expect(await first).toMatchObject({ say: 'result' });
  });

  test('brings up another testbed after a run that was aborted, and after one that it could not renew', async () => {
    let isBroken = true;
    const { driver, run, isIdle, keeper } = await bench(
      {},
      {
        renew: () => {
          if (isBroken) throw new LivemigError('TESTBED_FAILED', 'no agents any more');
        },
      },
    );
    const controller = new AbortController();
    controller.abort('SIGINT');
    expect(await run(controller.signal)).toMatchObject({ say: 'result', result: { state: 'aborted' } });
    await isIdle();
    expect(driver.ups).toBe(2);
    await run();
    await isIdle();
    expect(keeper.status.warnings).toEqual([expect.stringContaining('no agents any more')]);
    isBroken = false;
    expect(await run()).toMatchObject({ say: 'result', result: { state: 'completed' } });
    expect(driver.ups).toBe(3);
  });

  test('ends when it has had no run for long enough, and not before', async () => {
    const { keeper, run } = await bench({}, { idleMaxMs: 300 });
    const idle = keeper.untilIdleForLong(never);
    await run();
    expect(keeper.status.runs).toBe(1);
    await idle;
    expect(keeper.status.endsInMs).toBe(0);
  });
});
