import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { jitterDistributionNames } from '#catalogue/jitter-distributions';
import { strategyNames } from '#catalogue/strategies';
import { loadProfile } from '#harness/profiles';
import type { CompletedRun, RunResult } from '#harness/result';
import { runScenario } from '#harness/run';
import type { RunOptions } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { simDriver } from '#harness/testbed/sim/driver';
import type { Testbed } from '#harness/testbed/testbed';
import { hostRoles } from '#proto/control';
import { pageSizeBytes } from '#proto/units';
import { schemaProblems } from '#test/support/result-schema';

const link = 'coleraine-dublin-1g';
const document = { driver: 'sim', link, guest: { ram: '64MiB' }, warmupMs: 600 } as const;

const simulated = async (change: object = {}, options: RunOptions = {}): Promise<RunResult> =>
  runScenario(await loadScenario(undefined, { ...document, ...change }), options);

const completed = async (...given: Parameters<typeof simulated>): Promise<CompletedRun> => {
  const result = await simulated(...given);
  expect(result.error).toBeNull();
  expect(result.state).toBe('completed');
  return result as CompletedRun;
};

describe('a run in virtual time', () => {
  test.each(strategyNames)(
    '%s: gives the same document to the byte, with the link’s timing',
    async (strategy) => {
      const [result, again] = [await completed({ strategy }), await completed({ strategy })];
      expect(JSON.stringify(again)).toBe(JSON.stringify(result));
      expect(schemaProblems(result)).toEqual([]);
      const { driver, link: asRun, integrity, crossChecks, measurement } = result;
      expect({ driver, backend: asRun.backend, mismatches: integrity.mismatches }).toEqual({
        driver: 'sim',
        backend: 'virtual-time',
        mismatches: 0,
      });
      expect(crossChecks.length).toBeGreaterThan(0);
      expect(crossChecks.filter(({ verdict }) => verdict !== 'agree')).toEqual([]);
      // By hand: full pages at the rate of the link, with headers of 66 bytes for 1448; 5.5 ms of round trip.
      const { ram, totalTimeMs, downtimeMs, setupTimeMs, wire } = measurement;
      const wireMs = (ram.normal * pageSizeBytes * (1514 / 1448) * 8) / 1e6;
      expect(totalTimeMs - setupTimeMs).toBeGreaterThan(wireMs);
      expect(totalTimeMs - setupTimeMs).toBeLessThan(wireMs + 100);
      expect(downtimeMs).toBeGreaterThan(5.5);
      if (strategy === 'stop-and-copy') expect(downtimeMs).toBeGreaterThan(wireMs);
      expect(wire.sourceToDestinationBytes).toBeGreaterThan(ram.normal * pageSizeBytes * (1514 / 1448));
      // The device state of 1 MiB, and in post-copy twice as much before it, which opens the congestion window.
      expect(wire.sourceToDestinationBytes).toBeLessThan((ram.transferred + (3 << 20)) * 1.06);
    },
  );

  test('differs by seed; what a model cannot know is not measured, and never 0', async () => {
    const [one, other] = [await completed(), await completed({ seed: 2 })];
    expect(other.runId).not.toBe(one.runId);
    const nothing = { agentS: null, guestS: null, machineBusyShare: null };
    expect(one.measurement.cpu).toEqual({ source: nothing, destination: nothing, wan: nothing, observer: nothing }); // prettier-ignore
    expect(one.measurement.memory.source).toMatchObject({ rssBytes: null, aboveTouchedBytes: null });
    expect(one.environment.testbed['notMeasured']).toContain('CPU time');
  });

  test('recovers from a cut in post-copy', async () => {
    const run = () => {
      let testbed: Testbed | null = null;
      const cut = async ({ connect, topology }: Testbed): Promise<void> => {
        const between = [topology.source.address, topology.destination.address] as const;
        await connect('wan').call('cutLink', { between, durationMs: 30_000 }, { timeoutMs: 60_000 });
      };
      return completed(
        { strategy: 'post-copy', guest: { ram: '128MiB' } },
        {
          onCalibrated: async (up) => {
            testbed = up;
          },
          events: {
            next: (event) => {
              if (event.type === 'status' && event.status === 'postcopy-active' && testbed !== null)
                void cut(testbed);
              // Once only: after the recovery it is active again.
              if (event.type === 'status' && event.status === 'postcopy-active') testbed = null;
            },
          },
        },
      );
    };
    const [result, again] = [await run(), await run()];
    const { recoveries, linkCuts, totalTimeMs } = result.measurement;
    expect(linkCuts).toMatchObject([{ plannedMs: 30_000, durationMs: 30_000 }]);
    // One loss and one recovery: attempts to come back that were made in the cut are lost in it, as in a real one.
    expect(recoveries).toHaveLength(1);
    const [{ pausedMs, recoveredMs }] = recoveries as [(typeof recoveries)[number]];
    const cutAtMs = linkCuts[0]!.startMs;
    // Pings of connections are 5 s apart. Answers may take 10 s, and three times what is in flight: 0.25 s over this link.
    expect(pausedMs - cutAtMs).toBeGreaterThan(10_000);
    expect(pausedMs - cutAtMs).toBeLessThan(15_300);
    // The next attempt after the cut: each takes 2 s, and 250 ms later the next follows.
    expect(recoveredMs! - cutAtMs).toBeGreaterThan(30_000);
    expect(recoveredMs! - cutAtMs).toBeLessThan(32_500);
    expect(totalTimeMs).toBeGreaterThan(30_000);
    expect(JSON.stringify(again)).toBe(JSON.stringify(result));
  });

  test('refuses a wrong link at calibration', async () => {
    const right = loadProfile(link);
    const slower = { ...right.sourceToDestination, rateMbps: 900 };
    const further = { ...right.destinationToSource, delayMs: 8 };
    for (const [wrong, reason] of [
      [{ ...right, sourceToDestination: slower }, 'goodput source to destination'],
      [{ ...right, destinationToSource: further }, 'RTT is'],
    ] as const) {
      const result = await simulated({}, { applyInstead: wrong });
      expect(result).toMatchObject({ state: 'invalid', error: { code: 'LINK_OUT_OF_TOLERANCE' } });
      expect(result.error?.message).toContain(reason);
    }
  });

  test('refuses by name what it has no model of: what happens to packets, and kernel backends', async () => {
    expect(await simulated({ backend: 'netem' })).toMatchObject({
      state: 'unsupported',
      error: { code: 'UNSUPPORTED' },
    });
    const right = loadProfile(link);
    const gemodel = { pPercent: 1, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 };
    for (const change of [{ lossPercent: 1 }, { gemodel }, { duplicatePercent: 1 }, { reorderPercent: 1 }]) {
      const sourceToDestination = { ...right.sourceToDestination, ...change };
      const result = await simulated({}, { applyInstead: { ...right, sourceToDestination } });
      expect(result).toMatchObject({ state: 'unsupported', error: { code: 'UNSUPPORTED' } });
      expect(result.error?.message).toContain(`virtual-time: ${Object.keys(change).join()} of ${link}`);
      expect(result.error?.message).toContain('take driver netns or docker');
    }
  });

  test.each(jitterDistributionNames)(
    'has %s jitter, the same each time, and refuses another',
    async (name) => {
      const directory = await mkdtemp(join(tmpdir(), 'livemig-sim-'));
      try {
        const file = join(directory, 'jittery.yaml');
        const both = `{ rateMbps: 1000, delayMs: 20, jitterMs: 6, jitterDistribution: ${name}, bufferMs: 40 }`;
        await writeFile(file, `name: jittery\ndescription: x\nboth: ${both}\n`);
        const [result, again] = [await completed({ link: file }), await completed({ link: file })];
        expect(JSON.stringify(again)).toBe(JSON.stringify(result));
        expect(schemaProblems(result)).toEqual([]);
        const { rtt, applied } = result.link.calibration!;
        expect(applied.readBack.sourceToDestination).toContain(`jitter 6 ms ${name}`);
        expect(rtt.p90Ms! - rtt.p10Ms!).toBeGreaterThan(5);
        const right = loadProfile(file);
        const calm = { ...right.sourceToDestination, jitterMs: 1 };
        const wrong = await simulated(
          { link: file },
          { applyInstead: { ...right, sourceToDestination: calm, destinationToSource: calm } },
        );
        expect(wrong).toMatchObject({ state: 'invalid', error: { code: 'LINK_OUT_OF_TOLERANCE' } });
        expect(wrong.error?.message).toContain('percentile of the RTT');
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );
});

describe('driver sim', () => {
  const running: Testbed[] = [];
  const up = async (): Promise<Testbed> => {
    const testbed = await simDriver.up({ tcpBufferMaxBytes: 1 << 20 });
    running.push(testbed);
    return testbed;
  };
  afterEach(async () => {
    for (const testbed of running.splice(0)) await testbed[Symbol.asyncDispose]();
  });

  test('four agents answer, and a testbed can be taken down twice', async () => {
    const testbed = await up();
    for (const role of hostRoles)
      expect(await testbed.connect(role).call('hello', {})).toMatchObject({
        role,
        nodeVersion: process.version,
      });
    await expect(testbed.exec('source', ['true'])).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await testbed[Symbol.asyncDispose]();
    await testbed[Symbol.asyncDispose]();
  });

  test('wrong calls fail as they do at a real agent', async () => {
    const { connect } = await up();
    const [source, wan] = [connect('source'), connect('wan')];
    await expect(source.call('startGuest', {})).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
    await expect(source.call('cutLink', {} as never)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(source.call('linkCounters', {})).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(wan.call('linkCounters', {})).rejects.toMatchObject({ code: 'LINK_NOT_APPLIED' });
    await expect(wan.call('stopLinkSamples', {})).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
  });

  test('testbeds are kept apart: each has its own time', async () => {
    const [one, other] = [await up(), await up()];
    const beforeMs = other.clock.nowMs();
    await one.clock.sleep(3_600_000);
    expect(one.clock.nowMs() - beforeMs).toBe(3_600_000);
    expect(other.clock.nowMs()).toBe(beforeMs);
  });
});

describe('in separate processes', () => {
  const cli = fileURLToPath(new URL('../../../../harness/cli.ts', import.meta.url));
  const strategy = fileURLToPath(new URL('../../../../examples/strategies/two-rounds.ts', import.meta.url));
  const directories: string[] = [];
  const made = async (...options: string[]): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), 'livemig-sim-'));
    directories.push(directory);
    const out = join(directory, 'result.json');
    const words = ['run', '--driver', 'sim', '--link', link, '--guest', '64MiB', '--out', out, ...options];
    await promisify(execFile)(process.execPath, [cli, ...words], { env: { ...process.env, PATH: '' } });
    return readFile(out, 'utf8');
  };
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });

  test.each([['hybrid'], [strategy]])('%s: the same file, with no tool on the path', async (name) => {
    const text = await made('--strategy', name);
    expect(JSON.parse(text)).toMatchObject({ state: 'completed', driver: 'sim' });
    expect(await made('--strategy', name)).toBe(text);
  });

  test('tls costs one more round trip, and gives the same file again', async () => {
    const [text, plain] = [await made('--cap', 'tls'), await made()];
    expect(await made('--cap', 'tls')).toBe(text);
    const setUpMs = (of: string): number => (JSON.parse(of) as CompletedRun).measurement.setupTimeMs;
    expect(setUpMs(text) - setUpMs(plain)).toBeGreaterThan(5.5);
  });
});
