import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Subject } from 'rxjs';
import { runScenario } from '#harness/run';
import type { RunEvent, RunOptions, RunPhase } from '#harness/run';
import type { RunResult } from '#harness/result';
import type { ControlHandlers, HostRole, SourceReport } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import { schemaProblems } from '#test/support/result-schema';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';
import type { ScriptedDriver } from '#test/support/scripted-testbed';
import { pageCount, paperDestination, paperSource } from '#test/support/synthetic-migration';
import { probed } from '#test/support/probed';

/** Runs, and holds every result to the published schema and every testbed to its end. */
const run = async (driver: ScriptedDriver, options: RunOptions = {}): Promise<RunResult> => {
  const result = await runScenario(scriptedScenario, { ...options, driver });
  expect(schemaProblems(result)).toEqual([]);
  expect(driver.live).toBe(0);
  return result;
};

const runWith = (changes: Partial<Record<HostRole, ControlHandlers>>): Promise<RunResult> =>
  run(scriptedDriver(changes));

const failedSource = (change: Partial<SourceReport>): SourceReport => ({
  ...paperSource(),
  status: 'failed',
  error: { code: 'NOT_CONVERGED', message: 'pre-copy did not converge' },
  guestRunningAtEnd: true,
  ...change,
});

describe('a run', () => {
  test('starts and cleans up everything, and ends with a measurement', async () => {
    const events = new Subject<RunEvent>();
    const phases: RunPhase[] = [];
    events.subscribe((event) => {
      if (event.type === 'phase') phases.push(event.phase);
    });
    const driver = scriptedDriver();
    const result = await run(driver, { events });
    expect(phases).toEqual([
      'up',
      'link',
      'calibrate',
      'boot',
      'warm-up',
      'migrate',
      'collect',
      'verify',
      'down',
    ]);
    expect(result).toMatchObject({
      state: 'completed',
      driver: 'netns',
      link: {
        profile: 'coleraine-dublin-1g',
        backend: 'nfqueue',
        calibration: { rttMs: 5.5, goodputMbps: 950 },
      },
      strategy: 'pre-copy',
      measurement: { totalTimeMs: 2040, downtimeMs: 40, memory: { source: { touchedBytes: 10_000 * 4096 } } },
      integrity: { pagesCompared: pageCount, mismatches: 0, staleReads: 0, liveOnBothHostsMs: 0 },
      error: null,
    });
    const at = (call: string): number => driver.calls.indexOf(call);
    expect(at('source.migrate')).toBeGreaterThan(at('wan.linkCounters'));
    expect(at('destination.stopGuest')).toBeGreaterThan(at('observer.stopPings'));
    expect(at('destination.verify')).toBeGreaterThan(at('destination.stopGuest'));
    expect(at('wan.routeGuest')).toBeLessThan(at('observer.startPings'));
  });

  test('passes on the agents’ events', async () => {
    const told = new Subject<AgentEvent>();
    const status: AgentEvent = { type: 'status', atMs: 1, status: 'active' };
    const migrate: ControlHandlers['migrate'] = async () => {
      told.next(status);
      await sleep(50);
      return paperSource();
    };
    const seen: RunEvent[] = [];
    await run(scriptedDriver({ source: { migrate } }, told), {
      events: { next: (event) => seen.push(event) },
    });
    expect(seen).toContainEqual(status);
  });
});

describe('a run that its oracles refuse', () => {
  test('is invalid when the link is not what it should be, and boots nothing then', async () => {
    const probeRtt: ControlHandlers['probeRtt'] = async () => probed(9);
    const driver = scriptedDriver({ source: { probeRtt } });
    const result = await run(driver);
    expect(result).toMatchObject({
      state: 'invalid',
      error: { code: 'LINK_OUT_OF_TOLERANCE' },
      link: { calibration: { ok: false, rttMs: 9 } },
      measurement: null,
      integrity: null,
    });
    expect(driver.calls).not.toContain('source.bootGuest');
  });

  test('is invalid when downtime and observer disagree; what was measured is evidence only', async () => {
    const destination = paperDestination();
    destination.timeline.firstInstructionAtMs = 12_001;
    const result = await runWith({ destination: { migrateIncoming: async () => destination } });
    expect(result).toMatchObject({
      state: 'invalid',
      error: { code: 'CROSS_CHECK_FAILED' },
      measurement: null,
      evidence: { measurement: { downtimeMs: 1 } },
    });
    expect(result.crossChecks).toContainEqual(
      expect.objectContaining({ name: 'downtime', verdict: 'disagree' }),
    );
  });

  test.each<[string, Partial<Awaited<ReturnType<NonNullable<ControlHandlers['verify']>>>> & object]>([
    ['a page differs', { mismatches: 1, firstMismatches: [5] }],
    ['a read was stale', { staleReads: 1 }],
    ['pages were not compared', { pagesCompared: 1 }],
  ])('fails when %s', async (_, damage) => {
    const verify: ControlHandlers['verify'] = async () => ({
      pagesCompared: pageCount, mismatches: 0, staleReads: 0, firstMismatches: [], ...damage,
    }); // prettier-ignore
    const result = await runWith({ destination: { verify } });
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'INTEGRITY_VIOLATED' },
      measurement: null,
    });
    expect(result.integrity).toMatchObject(damage);
  });

  test('fails when the guest ran on both hosts', async () => {
    const source = paperSource();
    source.timeline.lastInstructionAtMs = 12_045;
    const result = await runWith({ source: { migrate: async () => source } });
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'INTEGRITY_VIOLATED' },
      integrity: { liveOnBothHostsMs: 5 },
    });
  });
});

describe('a run whose migration fails', () => {
  const stayed = paperDestination();
  stayed.status = 'failed';
  stayed.timeline.firstInstructionAtMs = null;
  const migrateIncoming: ControlHandlers['migrateIncoming'] = async () => stayed;

  test('has the source’s error, and the guest that stayed is compared', async () => {
    const driver = scriptedDriver({
      source: { migrate: async () => failedSource({}) },
      destination: { migrateIncoming },
    });
    const result = await run(driver);
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'NOT_CONVERGED' },
      measurement: null,
      integrity: { host: 'source', pagesCompared: pageCount, liveOnBothHostsMs: null },
      evidence: { source: { status: 'failed', ram: { dirtySyncCount: 2 } } },
    });
    expect(driver.calls).toContain('source.verify');
    expect(driver.calls).not.toContain('destination.verify');
  });

  test('says so when the guest that stayed was damaged', async () => {
    const verify: ControlHandlers['verify'] = async () => ({
      pagesCompared: pageCount, mismatches: 2, staleReads: 0, firstMismatches: [1, 2],
    }); // prettier-ignore
    const result = await runWith({
      source: { migrate: async () => failedSource({}), verify },
      destination: { migrateIncoming },
    });
    expect(result.error).toMatchObject({ code: 'INTEGRITY_VIOLATED' });
    expect(result.error?.message).toContain('did not converge');
  });

  test('makes no claim about a guest that runs nowhere', async () => {
    const migrate = async () => failedSource({ guestRunningAtEnd: false });
    const result = await runWith({ source: { migrate }, destination: { migrateIncoming } });
    expect(result).toMatchObject({ state: 'failed', error: { code: 'NOT_CONVERGED' }, integrity: null });
  });

  test('has the last words of an agent that died', async () => {
    const migrate: ControlHandlers['migrate'] = async () => {
      throw new LivemigError('AGENT_UNREACHABLE', 'gone');
    };
    const result = await runWith({ source: { migrate } });
    expect(result).toMatchObject({ state: 'failed', error: { code: 'AGENT_UNREACHABLE' } });
    expect(result.error?.message).toContain("the source's last words");
  });
});

describe('a run that never starts', () => {
  test('is unsupported where no backend works', async () => {
    const probeBackends: ControlHandlers['probeBackends'] = async () => [
      { backend: 'netem', supported: false, reason: 'no sch_netem' },
      { backend: 'nfqueue', supported: false, reason: 'no NFQUEUE' },
    ];
    const result = await runWith({ wan: { probeBackends } });
    expect(result).toMatchObject({
      state: 'unsupported',
      error: { code: 'UNSUPPORTED' },
      link: { backend: null },
    });
  });

  test('fails when an agent is not the one that its driver names', async () => {
    const hello: ControlHandlers['hello'] = async () => ({
      role: 'wan',
      pid: 1,
      nodeVersion: 'v24',
      kernel: '',
    });
    expect(await runWith({ observer: { hello } })).toMatchObject({
      state: 'failed',
      error: { code: 'TESTBED_FAILED' },
    });
  });

  test('throws on bad input, as nothing has run', async () => {
    const driver = scriptedDriver();
    const scenario = { ...scriptedScenario, link: 'coleraine-dubln' };
    await expect(runScenario(scenario, { driver })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(driver.calls).toEqual([]);
  });

  test('keeps the first error when taking down the testbed fails as well', async () => {
    const hello: ControlHandlers['hello'] = async () => ({
      role: 'wan',
      pid: 1,
      nodeVersion: 'v24',
      kernel: '',
    });
    const driver = scriptedDriver({ observer: { hello } });
    const up: ScriptedDriver['up'] = async (options) => {
      const testbed = await driver.up(options);
      return {
        ...testbed,
        [Symbol.asyncDispose]: async () => {
          await testbed[Symbol.asyncDispose]();
          throw new LivemigError('TESTBED_FAILED', 'a namespace would not go');
        },
      };
    };
    const result = await runScenario(scriptedScenario, { driver: { ...driver, up } });
    expect(result.error?.message).toMatch(/it is the wan.*then taking the testbed down failed.*would not go/);
  });
});

describe('an aborted run', () => {
  test.each<RunPhase>(['up', 'link', 'calibrate', 'boot', 'warm-up', 'migrate', 'collect', 'verify'])(
    'in phase %s is aborted and takes its testbed down',
    async (phase) => {
      const controller = new AbortController();
      const events = new Subject<RunEvent>();
      events.subscribe((event) => {
        if (event.type === 'phase' && event.phase === phase) controller.abort();
      });
      const result = await run(scriptedDriver(), { signal: controller.signal, events });
      expect(result).toMatchObject({ state: 'aborted', error: { code: 'CANCELLED' }, measurement: null });
    },
  );

  test('does not wait for an agent that hangs', async () => {
    const controller = new AbortController();
    const bootGuest: ControlHandlers['bootGuest'] = async () => {
      controller.abort();
      return new Promise(() => undefined);
    };
    const result = await run(scriptedDriver({ source: { bootGuest } }), { signal: controller.signal });
    expect(result.state).toBe('aborted');
  });
});
