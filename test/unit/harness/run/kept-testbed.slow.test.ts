import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { runScenario } from '#harness/run';
import type { RunnableScenario, RunOptions } from '#harness/run';
import type { ControlHandlers, HostRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { encodePingSamples } from '#proto/pings';
import { schemaProblems } from '#test/support/result-schema';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';
import type { ScriptedDriver } from '#test/support/scripted-testbed';
import { paperDestination, paperPings, paperSource } from '#test/support/synthetic-migration';
import { probed } from '#test/support/probed';

// Several runs a test, on a machine that others share.
jest.setTimeout(60_000);

type Changes = Partial<Record<HostRole, ControlHandlers>>;
type ThroughputProbe = NonNullable<ControlHandlers['probeThroughput']>;
interface Bench {
  driver: ScriptedDriver;
  kept: KeptTestbed;
  renewals: () => number;
  run: (change?: Partial<RunnableScenario>, options?: RunOptions) => Promise<RunResult>;
  count: (call: string) => number;
}

const running: Bench[] = [];
const bench = (
  changes: Changes = {},
  options: { throughputMaxAgeMs?: number; renew?: () => void } = {},
): Bench => {
  let renewals = 0;
  const driver = scriptedDriver(changes, undefined, async () => {
    renewals += 1;
    options.renew?.();
  });
  const kept = new KeptTestbed(options);
  const made: Bench = {
    driver,
    kept,
    renewals: () => renewals,
    run: async (change = {}, runOptions = {}) => {
      const scenario = { ...scriptedScenario, ...change };
      const result = await runScenario(scenario, { driver, testbeds: kept, ...runOptions });
      expect(schemaProblems(result)).toEqual([]);
      return result;
    },
    count: (call) => driver.calls.filter((name) => name === call).length,
  };
  running.push(made);
  return made;
};
afterEach(async () => {
  for (const { driver, kept } of running.splice(0)) {
    await kept[Symbol.asyncDispose]();
    expect(driver.live).toBe(0);
  }
});

const never = new AbortController().signal;
const measured = ({ link }: RunResult) => link.calibration?.throughputMeasured;

/** Answers of `probeThroughput` in turn, the last one for ever. */
const throughputs = (...mbps: number[]): ThroughputProbe => {
  let turn = 0;
  return async () => ({ goodputMbps: mbps[Math.min(turn++, mbps.length - 1)]!, bytes: 1e8, measuredMs: 500 });
};

describe('runs over the same link', () => {
  test('share a testbed: its link is shaped once, checked before each run and once more at the end', async () => {
    const { driver, kept, renewals, run, count } = bench();
    const first = await run();
    const second = await run({ seed: 2, strategy: 'hybrid' });
    expect([first.state, second.state]).toEqual(['completed', 'completed']);
    expect([driver.ups, driver.live, renewals()]).toEqual([1, 1, 1]);
    expect(count('wan.applyLink')).toBe(1);
    expect(count('source.probeRtt')).toBe(4);
    expect(count('source.probeThroughput')).toBe(1);
    expect(measured(first)).toMatchObject({ runId: first.runId, ageMs: 0 });
    expect(measured(second)?.runId).toBe(first.runId);
    expect(measured(second)?.ageMs).toBeGreaterThan(0);
    expect(second.environment.testbed).toEqual({ kind: 'scripted' });

    await kept.close(never);
    expect(driver.live).toBe(0);
    expect([count('source.probeThroughput'), count('destination.probeThroughput')]).toEqual([2, 2]);
    expect(kept.takeRefuted()).toBeNull();
  });

  test('are invalidated when the closing throughput is wrong', async () => {
    const { kept, run } = bench({ source: { probeThroughput: throughputs(950, 400) } });
    const runIds = [(await run()).runId, (await run()).runId];
    await kept.close(never);
    expect(kept.takeRefuted()).toEqual({
      runIds,
      reasons: [expect.stringContaining('goodput source to destination is 400 Mb/s')],
    });
    expect(kept.takeRefuted()).toBeNull();
  });

  test('are invalidated when the closing throughput cannot be measured', async () => {
    let calls = 0;
    const probeThroughput: ThroughputProbe = async () => {
      if (++calls > 1) throw new LivemigError('LINK_OUT_OF_TOLERANCE', 'nothing comes through');
      return { goodputMbps: 950, bytes: 1e8, measuredMs: 500 };
    };
    const { kept, run } = bench({ source: { probeThroughput } });
    await run();
    await run();
    await kept.close(never);
    expect(kept.takeRefuted()?.reasons).toEqual([expect.stringContaining('nothing comes through')]);
  });

  test('measure an outdated throughput again, and a wrong one invalidates the runs before it', async () => {
    const probeThroughput = throughputs(950, 950, 400);
    const { driver, kept, run } = bench({ source: { probeThroughput } }, { throughputMaxAgeMs: 0 });
    const [first, second] = [await run(), await run()];
    expect(measured(second)?.runId).toBe(second.runId);
    expect(kept.takeRefuted()).toBeNull();
    const third = await run();
    expect(third).toMatchObject({ state: 'invalid', error: { code: 'LINK_OUT_OF_TOLERANCE' } });
    // The first was confirmed by the second's throughput.
    expect(kept.takeRefuted()?.runIds).toEqual([second.runId]);
    expect(first.runId).not.toBe(second.runId);
    expect(driver.live).toBe(0);
  });

  test('calibrate again when the round trip has drifted', async () => {
    let drifted = false;
    const probeRtt: ControlHandlers['probeRtt'] = async () => probed(drifted ? 9 : 5.5);
    const { run, count } = bench({
      source: { probeRtt },
      wan: {
        applyLink: async ({ profile, backend }) => {
          drifted = false;
          return {
            backend,
            profile: profile.name,
            readBack: { sourceToDestination: '', destinationToSource: '' },
          };
        },
      },
    });
    await run();
    drifted = true;
    const second = await run();
    expect(second.state).toBe('completed');
    expect(measured(second)?.runId).toBe(second.runId);
    expect(count('wan.applyLink')).toBe(2);
  });

  test('a single one is measured once, like a run on its own', async () => {
    const { kept, run, count } = bench();
    await run();
    await kept.close(never);
    expect(count('source.probeThroughput')).toBe(1);
  });
});

describe('a kept testbed is dropped', () => {
  test.each<[string, Partial<RunnableScenario>]>([
    ['link', { link: 'lan-1g' }],
    ['congestion control', { congestionControl: 'bbr' }],
    ['backend', { backend: 'nfqueue' }],
  ])('for another %s', async (_, change) => {
    const { driver, run } = bench();
    await run();
    await run(change);
    expect([driver.ups, driver.live]).toEqual([2, change.link === undefined ? 1 : 0]);
  });

  test('after a run that failed, but not after a pre-copy that did not converge, provided the observer stops', async () => {
    let failure: LivemigError | null = new LivemigError('NOT_CONVERGED', 'never');
    const migrate: ControlHandlers['migrate'] = async () =>
      failure === null
        ? paperSource()
        : {
            ...paperSource(),
            status: 'failed',
            error: { code: failure.code, message: failure.message },
            guestRunningAtEnd: true,
          };
    const migrateIncoming: ControlHandlers['migrateIncoming'] = async () => {
      const stayed = paperDestination();
      if (failure !== null) stayed.timeline.firstInstructionAtMs = null;
      return failure === null ? stayed : { ...stayed, status: 'failed' };
    };
    let observerStops = true;
    const stopPings: ControlHandlers['stopPings'] = async () => {
      if (!observerStops) throw new LivemigError('ILLEGAL_PHASE', 'no pings run');
      return {
        result: { sent: 4000, received: 3960, full: false },
        blob: encodePingSamples(paperPings({ rttMs: 5.5 })),
      };
    };
    const { driver, run, count } = bench({
      source: { migrate },
      destination: { migrateIncoming },
      observer: { stopPings },
    });
    expect((await run()).error?.code).toBe('NOT_CONVERGED');
    expect(count('observer.stopPings')).toBe(1);
    expect(driver.live).toBe(1);
    observerStops = false;
    expect((await run()).error?.code).toBe('NOT_CONVERGED');
    expect(driver.live).toBe(0);
    observerStops = true;
    failure = new LivemigError('PROTOCOL_VIOLATION', 'broken');
    expect((await run()).error?.code).toBe('PROTOCOL_VIOLATION');
    expect(driver.live).toBe(0);
    failure = null;
    expect((await run()).state).toBe('completed');
    expect(driver.ups).toBe(3);
  });

  test('when it cannot be renewed, and the run gets a new one', async () => {
    const renew = () => {
      throw new LivemigError('TESTBED_FAILED', 'no agent any more');
    };
    const { driver, run } = bench({}, { renew });
    await run();
    expect((await run()).state).toBe('completed');
    expect([driver.ups, driver.live]).toEqual([2, 1]);
  });

  test('after every run where its driver renews none', async () => {
    const driver = scriptedDriver();
    const kept = new KeptTestbed();
    const result = await runScenario(scriptedScenario, { driver, testbeds: kept });
    expect(result.state).toBe('completed');
    expect(driver.live).toBe(0);
    await kept.close(never);
  });

  test('when the run is aborted', async () => {
    const controller = new AbortController();
    const { driver, run } = bench();
    await run();
    const events: RunOptions['events'] = {
      next: (event) => {
        if (event.type === 'phase' && event.phase === 'warm-up') controller.abort();
      },
    };
    const result = await run({}, { signal: controller.signal, events });
    expect(result.state).toBe('aborted');
    expect(driver.live).toBe(0);
  });
});
