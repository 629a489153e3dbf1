import { describe, expect, test } from '@jest/globals';
import type { RunOptions, RunnableScenario } from '#harness/run';
import { runScenario } from '#harness/run';
import type { RunResult } from '#harness/result';
import { KeptTestbed } from '#harness/run/kept-testbed';
import { simDriver } from '#harness/testbed/sim/driver';
import { attachDriver } from '#harness/testbed/attach';
import type { AgentRole, ArgumentOf, ControlHandlers } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { DiskConfig } from '#proto/guest';
import type { LeaseReport } from '#proto/storage';
import { mebibyte } from '#proto/units';
import { schemaProblems } from '#test/support/result-schema';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';
import { pageCount } from '#test/support/synthetic-migration';

const disk: DiskConfig = {
  sizeBytes: 4 * mebibyte,
  allocatedBytes: mebibyte,
  blockSizeBytes: 65_536,
  storage: 'shared',
  live: true,
  incremental: true,
};
const shared: RunnableScenario = { ...scriptedScenario, guest: { ...scriptedScenario.guest, disk } };

const lease = (change: Partial<LeaseReport>): LeaseReport => ({
  ...{ epoch: 1, holder: 'source', grantedAtMs: 1, releasedAtMs: 5, firstWriteAtMs: 2, lastWriteAtMs: 4 },
  ...{ reads: 3, writes: 2, readBytes: 12_288, writtenBytes: 8192, lateWritesRefused: 0 },
  ...change,
});

/** Hosts that tell what they were told. */
const hosts = (changes: ControlHandlers = {}) => {
  const created: ArgumentOf<'createDisk'>[] = [];
  const dropped: string[] = [];
  const booted: ArgumentOf<'bootGuest'>[] = [];
  const boot: ControlHandlers = {
    bootGuest: async (argument) => {
      booted.push(argument);
      return { pageCount, nonZeroPages: 1000, bootMs: 1 };
    },
    verify: async () => ({
      ...{ pagesCompared: pageCount, mismatches: 0, staleReads: 0, firstMismatches: [] },
      ...(booted.at(-1)?.guest.disk === undefined
        ? {}
        : { disk: { sectorsCompared: 1024, mismatches: 0, staleReads: 0, firstMismatches: [] } }),
    }),
  };
  const handlers: Partial<Record<AgentRole, ControlHandlers>> = {
    source: boot,
    destination: boot,
    storage: {
      createDisk: async (argument) => {
        created.push(argument);
        return { port: 7004 };
      },
      dropDisk: async ({ diskId }) => {
        dropped.push(diskId);
        return {};
      },
      storageReport: async () => ({
        fencing: true,
        leases: [lease({}), lease({ epoch: 2, holder: 'destination', lateWritesRefused: 1 })],
        writersAtOnceMs: 0,
      }),
      ...changes,
    },
  };
  const driver = scriptedDriver(handlers, undefined, async () => undefined);
  return { driver, created, dropped, booted };
};

const run = async (scenario: RunnableScenario, options: RunOptions): Promise<RunResult> => {
  const result = await runScenario(scenario, options);
  expect(schemaProblems(result)).toEqual([]);
  return result;
};

describe('a run with a shared disk', () => {
  test('has a storage host, whose disk both hypervisors are told of before they boot', async () => {
    const { driver, created, booted } = hosts();
    const result = await run(shared, { driver });
    expect(result).toMatchObject({ state: 'completed', error: null });
    const [made] = created;
    expect(created).toHaveLength(1);
    expect(made).toMatchObject({ address: '10.0.4.2', sizeBytes: 4 * mebibyte, allocatedBytes: mebibyte, seed: 1 });
    expect(made?.fencing).toBe(true);
    const storage = { target: '10.0.4.2:7004', diskId: made?.diskId };
    expect(booted.map((argument) => argument.storage)).toEqual([storage, storage]);
    expect(result.state === 'completed' && result.measurement.storage).toEqual({
      ...{ epochs: 2, reads: 6, writes: 4, readBytes: 24_576, writtenBytes: 16_384 },
      ...{ lateWritesRefused: 1, writersAtOnceMs: 0 },
    });
    expect(result.environment.hosts?.storage).toBeDefined();
    expect(result.environment.network?.storage?.routes).toEqual(['10.0.1.2', '10.0.2.2']);
    expect(result.environment.network?.source.routes).toContain('10.0.4.2');
    // Its requests pass the link, and aren't the migration's.
    expect(driver.calls).toContain('wan.countTraffic');
    expect(driver.live).toBe(0);
  }); // prettier-ignore

  test('may be of a naive export', async () => {
    const { driver, created } = hosts();
    await run(shared, { driver, fencing: false });
    expect(created.map(({ fencing }) => fencing)).toEqual([false]);
  });

  test('ends as its storage host does', async () => {
    const { driver } = hosts({
      storageReport: async () => {
        driver.send('storage', 'KILL');
        return await new Promise<never>(() => undefined);
      },
    });
    const result = await run(shared, { driver, patience: { pulseMs: 100 } });
    expect(result.error).toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: expect.stringContaining('the storage agent'),
    });
    expect(driver.live).toBe(0);
  });

  test('ends as its storage host does, also where a hypervisor hears of that first', async () => {
    const lost = new LivemigError('CONNECTION_LOST', 'the storage at 10.0.4.2:7004');
    const killing = scriptedDriver({
      source: {
        bootGuest: async () => {
          killing.send('storage', 'KILL');
          throw lost;
        },
      },
      storage: { createDisk: async () => ({ port: 7004 }) },
    });
    const { error, endedIn } = await run(shared, { driver: killing });
    expect([error?.code, endedIn.phase]).toEqual(['AGENT_UNREACHABLE', 'boot']);
    expect(error?.message).toContain('the storage agent');
    // A connection that is lost while all hosts are there is just that.
    const { driver: alone } = hosts({
      createDisk: async () => {
        throw lost;
      },
    });
    expect((await run(shared, { driver: alone })).error?.code).toBe('CONNECTION_LOST');
    expect([killing.live, alone.live]).toEqual([0, 0]);
  });

  test.each([simDriver, attachDriver])('is refused before anything is started by driver $name', async (driver) => {
    let ups = 0;
    const counted = {
      ...driver,
      up: async () => {
        ups++;
        throw new LivemigError('INTERNAL', 'not to be reached');
      },
    };
    const result = await run(shared, { driver: counted });
    expect(result).toMatchObject({
      state: 'unsupported',
      error: {
        code: 'UNSUPPORTED',
        message: expect.stringMatching(/^guest\.disk\.storage: shared: .*take driver netns or docker$/),
      },
    });
    expect(ups).toBe(0);
  }); // prettier-ignore
});

describe('a kept testbed', () => {
  const never = new AbortController().signal;

  test('keeps its storage host, with a disk of its own for each run, and is none for runs without', async () => {
    const { driver, created, dropped } = hosts();
    const testbeds = new KeptTestbed();
    for (const seed of [1, 2]) await run({ ...shared, seed }, { driver, testbeds });
    expect(driver.ups).toBe(1);
    const ids = created.map(({ diskId }) => diskId);
    expect(new Set(ids).size).toBe(2);
    expect(dropped).toEqual(ids);

    await run(scriptedScenario, { driver, testbeds });
    expect(created).toHaveLength(2);
    expect([driver.ups, driver.live]).toEqual([2, 1]);
    await testbeds.close(never);
    expect(driver.live).toBe(0);
  });

  test('whose disk is not dropped is taken down', async () => {
    const { driver } = hosts({
      dropDisk: async () => {
        throw new LivemigError('INTERNAL', 'it stays');
      },
    });
    await using testbeds = new KeptTestbed();
    const result = await run(shared, { driver, testbeds });
    expect(result.state).toBe('completed');
    expect(driver.live).toBe(0);
  });
});
