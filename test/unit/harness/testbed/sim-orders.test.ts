import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { CompletedRun, RunResult } from '#harness/result';
import { runScenario } from '#harness/run';
import { runningRuns } from '#harness/run/running';
import { loadScenario } from '#harness/scenario';
import type { Testbed } from '#harness/testbed/testbed';
import type { MigrationInfo } from '#proto/control';
import type { MigrationStatus } from '#proto/strategy';

/** A minute at 8 Mb/s, if nobody steps in. */
const document = {
  driver: 'sim',
  link: 'coleraine-dublin-1g',
  strategy: 'pre-copy',
  guest: { ram: '72MiB', baseFootprint: '64MiB' },
  workload: 'idle',
} as const;
const slow = { limits: { maxBandwidthMbps: 8 } };

const pausing = async () => {
  const scenario = await loadScenario(undefined, document);
  return { ...scenario, capabilities: { ...scenario.capabilities, 'pause-before-switchover': 60 } };
};

/** Gives an order when the migration first has the status. */
const ordered = async (
  scenario: Awaited<ReturnType<typeof loadScenario>>,
  status: MigrationStatus,
  order: (testbed: Testbed) => Promise<unknown>,
): Promise<RunResult> => {
  let testbed: Testbed | null = null;
  const orders: Promise<unknown>[] = [];
  const result = await runScenario(scenario, {
    onCalibrated: async (up) => {
      testbed = up;
    },
    events: {
      next: (event) => {
        if (event.type !== 'status' || event.status !== status || testbed === null) return;
        orders.push(order(testbed));
        testbed = null;
      },
    },
  });
  expect(orders).toHaveLength(1);
  await Promise.all(orders);
  return result;
};

/** The same order gives the same document, to the byte. */
const twice = async (run: () => Promise<RunResult>): Promise<RunResult> => {
  const [result, again] = [await run(), await run()];
  expect(JSON.stringify(again)).toBe(JSON.stringify(result));
  return result;
};

describe('orders at moments of virtual time', () => {
  test('set: the migration continues with other limits', async () => {
    const scenario = await loadScenario(undefined, { ...document, ...slow });
    const result = (await twice(() =>
      ordered(scenario, 'active', (testbed) =>
        testbed.connect('source').call('migrateSetParameters', { maxBandwidthMbps: 400 }),
      ),
    )) as CompletedRun;
    const control = (await runScenario(scenario)) as CompletedRun;
    expect([result.error, control.error]).toEqual([null, null]);
    expect(result.measurement.parameterChanges).toMatchObject([{ changed: { maxBandwidthMbps: 400 } }]);
    expect(control.measurement.parameterChanges).toEqual([]);
    // 64 MiB at 400 Mb/s and at 8 Mb/s take 1.3 and 67 s, without headers.
    expect(result.measurement.totalTimeMs).toBeLessThan(3000);
    expect(control.measurement.totalTimeMs).toBeGreaterThan(67_000);
  });

  test('cancel: the guest runs on at the source, unharmed', async () => {
    const scenario = await loadScenario(undefined, { ...document, ...slow });
    const cancelled = () =>
      ordered(scenario, 'active', (testbed) => testbed.connect('source').call('migrateCancel', {}));
    expect(await twice(cancelled)).toMatchObject({
      state: 'aborted',
      error: { code: 'CANCELLED' },
      integrity: { host: 'source', mismatches: 0, staleReads: 0 },
      evidence: { source: { status: 'cancelled', guestRunningAtEnd: true } },
    });
  });

  test('continue: the migration waits for it before the switchover, and fails without it', async () => {
    const scenario = await pausing();
    const result = await twice(() =>
      ordered(scenario, 'pre-switchover', async ({ clock, connect }) => {
        await clock.sleep(300);
        await connect('source').call('migrateContinue', {});
      }),
    );
    expect(result.error).toBeNull();
    expect((result as CompletedRun).measurement.downtime.preSwitchoverMs).toBeCloseTo(300, 0);
    expect(await runScenario(scenario)).toMatchObject({ state: 'failed', error: { code: 'TIMEOUT' } });
  });
});

describe('a switchover that is ordered', () => {
  test('force-switchover: the guest stops at once, and the rest follows', async () => {
    const scenario = await loadScenario(undefined, { ...document, ...slow });
    const result = (await twice(() =>
      ordered(scenario, 'active', async ({ clock, connect }) => {
        await clock.sleep(1000);
        await connect('source').call('migrateForceSwitchover', {});
      }),
    )) as CompletedRun;
    expect(result).toMatchObject({
      state: 'completed',
      measurement: { switchoverOrder: { order: 'force', atMs: expect.any(Number) as unknown } },
      integrity: { mismatches: 0, staleReads: 0 },
    });
    // A minute without; some 63 MiB of the rest take half a second of downtime at 1 Gb/s.
    expect(result.measurement.totalTimeMs).toBeLessThan(2000);
    expect(result.measurement.downtimeMs).toBeGreaterThan(400);
  });

  test('start-postcopy: the guest runs on at the destination, and the rest follows', async () => {
    const scenario = await loadScenario(undefined, {
      ...document,
      ...slow,
      capabilities: { 'postcopy-ram': true },
    });
    const result = (await twice(() =>
      ordered(scenario, 'active', async ({ clock, connect }) => {
        await clock.sleep(1000);
        await connect('source').call('migrateStartPostcopy', {});
      }),
    )) as CompletedRun;
    expect(result).toMatchObject({
      state: 'completed',
      measurement: { switchoverOrder: { order: 'postcopy' } },
    });
    expect(result.measurement.downtimeMs).toBeLessThan(100);
    expect(result.measurement.ram.postcopyBytes).toBeGreaterThan(50 << 20);
  });

  test('is refused for a strategy that has no post-copy, and the migration continues', async () => {
    const scenario = await loadScenario(undefined, document);
    const refused: unknown[] = [];
    const result = await ordered(scenario, 'active', async ({ connect }) => {
      await connect('source')
        .call('migrateStartPostcopy', {})
        .catch((error: unknown) => refused.push(error));
    });
    expect(refused).toMatchObject([{ code: 'BAD_INPUT' }]);
    expect(result.state).toBe('completed');
    expect((result as CompletedRun).measurement).not.toHaveProperty('switchoverOrder');
  });
});

describe('onTimeout', () => {
  const run = async (change: object) =>
    runScenario(await loadScenario(undefined, { ...document, ...slow, ...change }));

  test.each([
    ['force-switchover', 'force'],
    ['start-postcopy', 'postcopy'],
  ] as const)('%s: the migration switches over then', async (action, order) => {
    const capabilities = order === 'postcopy' ? { 'postcopy-ram': true } : {};
    const result = (await run({ onTimeout: `1500:${action}`, capabilities })) as CompletedRun;
    expect(result).toMatchObject({ state: 'completed', measurement: { switchoverOrder: { order } } });
    const { atMs } = result.measurement.switchoverOrder!;
    expect(atMs).toBeGreaterThanOrEqual(1400);
    expect(atMs).toBeLessThan(1600);
    expect(result.measurement.totalTimeMs).toBeLessThan(3000);
  });

  test('cancel: the run has failed, and the guest runs on at the source', async () => {
    expect(await run({ onTimeout: 1500 })).toMatchObject({
      state: 'failed',
      error: { code: 'TIMEOUT', message: expect.stringContaining('within 1.50 s (onTimeout)') as unknown },
      guest: { where: 'source', verified: true },
      integrity: { host: 'source', mismatches: 0 },
    });
  });

  test('before pages are sent, the order is given as soon as they are', async () => {
    expect(await run({ onTimeout: '1:force-switchover' })).toMatchObject({
      state: 'completed',
      measurement: { switchoverOrder: { order: 'force' } },
    });
  });

  test('control: a migration that ends in time is left alone, and takes no longer', async () => {
    const fast = { limits: {}, onTimeout: '60000:force-switchover' };
    const [with60, without] = [await run(fast), await run({ limits: {} })] as [CompletedRun, CompletedRun];
    expect(with60.measurement).not.toHaveProperty('switchoverOrder');
    expect(with60.measurement.totalTimeMs).toBe(without.measurement.totalTimeMs);
    expect(with60.durationMs).toBe(without.durationMs);
  });
});

test('query: how far it is, at one moment of virtual time as at the next, and nothing before there is a migration', async () => {
  const scenario = await loadScenario(undefined, { ...document, ...slow });
  const seen: MigrationInfo[] = [];
  await twice(() =>
    ordered(scenario, 'active', async ({ clock, connect }) => {
      const source = connect('source');
      for (let second = 1; second <= 3; second++) {
        await clock.sleep(1000);
        seen.push(await source.call('queryMigrate', {}));
      }
      await source.call('migrateSetParameters', { maxBandwidthMbps: 0 });
    }),
  );
  expect(seen).toHaveLength(6);
  expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  const [first, second] = seen;
  // 8 Mb/s are 1 MB a second.
  expect(second!.remainingBytes! - first!.remainingBytes!).toBeCloseTo(-1e6, -5);
  expect(second!.totalTimeMs! - first!.totalTimeMs!).toBeCloseTo(1000, 0);
  expect(first!.mbps).toBeCloseTo(8, 0);
  expect(first!.expectedDowntimeMs).toBeGreaterThan(60_000);
  expect(first).toMatchObject({ status: 'active', downtimeMs: null, ram: { dirtySyncCount: 1 } });
});

test('a pause that no other terminal can end is refused, but not with a driver whose runs others can reach', async () => {
  const capabilities = { 'pause-before-switchover': 60 };
  await expect(loadScenario(undefined, { ...document, capabilities })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    problems: [expect.stringContaining('pause-before-switchover: waits for `livemig continue`') as unknown],
  });
  const { driver } = await loadScenario(undefined, { ...document, driver: 'netns', capabilities });
  expect(driver).toBe('netns');
});

describe('another terminal', () => {
  const cli = fileURLToPath(new URL('../../../../harness/cli.ts', import.meta.url));
  const mine = ['--run', String(process.pid)];
  const say = (...words: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [cli, ...words, ...mine], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return { status, stderr };
  };
  const commands = [
    ['set', '--max-bandwidth', '400'],
    ['status'],
    ['status', '--follow'],
    ['cancel'],
    ['continue'],
    ['start-postcopy'],
    ['force-switchover'],
    ['cut', '1000'],
  ];
  const refused = 'expected a run in a testbed with agents of its own';

  test('is told that a run in virtual time takes no orders, and the run continues', async () => {
    const said: ReturnType<typeof say>[] = [];
    const scenario = await loadScenario(undefined, document);
    // The run stands still meanwhile, as all of it is in this process.
    const result = await ordered(scenario, 'active', async () => {
      for (const words of commands) said.push(say(...words));
    });
    expect(said).toHaveLength(commands.length);
    for (const { status, stderr } of said) {
      expect(stderr).toContain(refused);
      expect(stderr).toContain('take driver netns or docker');
      expect(status).toBe(2);
    }
    expect(result.error).toBeNull();
    expect(JSON.stringify(await runScenario(scenario))).toBe(JSON.stringify(result));
  });

  test('control: is told so if there is no run', async () => {
    expect((await runningRuns()).filter(({ owner }) => owner.pid === process.pid)).toEqual([]);
    const { status, stderr } = say('cancel');
    expect(stderr).toContain('expected a running');
    expect(stderr).not.toContain(refused);
    expect(status).toBe(2);
  });
});
