/**
 * What every testbed driver that brings up hosts has to do, whatever it makes them of.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Testbed, TestbedDriver, TestbedOptions } from '#harness/testbed/testbed';
import type { AgentRole, HostRole, NetworkState } from '#proto/control';
import { hostRoles } from '#proto/control';
import { codeOf, messageOf } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { eventually } from '../support/eventually.ts';

export interface DriverConformanceOptions {
  driver: TestbedDriver;
  /** The same driver with an agent program that ends at once: its `up` has to fail. */
  failing: TestbedDriver;
  /** What that agent says on stderr, which the failure has to repeat. */
  failingAgentSays: string;
  /**
   * Everything on this machine that belongs to testbeds of the harness with this process id: processes, namespaces,
   * containers, networks, files. Must not be empty while such a testbed is up, unless it is in the harness's process.
   */
  tracesOf(harnessPid: number): Promise<string[]>;
  /** Its testbeds are in the harness's process, and own nothing outside it. */
  isInProcess?: boolean;
  /** Why its hosts run no programs; undefined = they do. */
  noPrograms?: string;
  /** Module that exports the driver as `name`, for a child process to load. */
  exportedBy: { module: URL; name: string };
  /** Where the hosts' Node is, if not on their path. */
  nodePath?: string;
  /** Whether its testbeds can give source and destination fresh agents. */
  renews: boolean;
  /** Whether a killed harness's testbed disappears by itself, or at the next sweep. */
  afterKill: 'goes-by-itself' | 'needs-sweep';
}

const tcpBufferMaxBytes = 32 << 20;
const goneWithinMs = 20_000;

/** Routes between all sites, as a run sets them. */
const connectHosts = async ({ topology, connect }: Testbed): Promise<NetworkState[]> => {
  const sites = (['source', 'destination', 'observer', 'storage'] as const).filter(
    (site) => topology[site] !== undefined,
  );
  const states: NetworkState[] = [];
  for (const site of sites) {
    const client = connect(site);
    const others = sites.filter((other) => other !== site).map((other) => topology[other]!.address);
    try {
      const state = await client.call('configureNetwork', {
        ...topology[site]!,
        reach: site === 'observer' ? [...others, topology.guestAddress] : others,
        congestionControl: 'cubic',
        guestAddress: site === 'source' ? topology.guestAddress : null,
      });
      states.push(state);
    } finally {
      client.close();
    }
  }
  return states;
};

/** From the router to the guest at the source, as a run sets it. */
const routeGuest = async ({ topology, exec }: Testbed): Promise<void> => {
  const { guestAddress, source } = topology;
  await exec('wan', ['ip', 'route', 'replace', `${guestAddress}/32`, 'via', source.address]);
};

const ping = (testbed: Testbed, from: AgentRole, to: string) =>
  testbed.exec(from, ['ping', '-n', '-c', '2', '-i', '0.2', '-W', '5', to]);

/** Whether a datagram from the source comes back from the destination, as in calibration. */
const reaches = async ({ topology, connect }: Testbed): Promise<boolean> => {
  const [source, destination] = [connect('source'), connect('destination')];
  try {
    const { address } = topology.destination;
    const { udpPort: port } = await destination.call('probeServe', { address });
    const probe = { address, port, count: 3, intervalMs: 20, patienceMs: 2000 };
    const { samples } = await source.call('probeRtt', probe);
    return samples > 0;
  } catch (error) {
    // Nothing came back, or nothing could be sent.
    expect(['LINK_OUT_OF_TOLERANCE', 'TESTBED_FAILED']).toContain(codeOf(error));
    return false;
  } finally {
    for (const client of [source, destination]) client.close();
  }
};

const hello = async (testbed: Testbed, role: AgentRole) => {
  const client = testbed.connect(role);
  try {
    return await client.call('hello', {}, { timeoutMs: 10_000 });
  } finally {
    client.close();
  }
};

/** Call it in a separate test file, after the driver's `probe` has said that it works here. */
export const driverConformance = (options: DriverConformanceOptions): void => {
  const { driver, failing, tracesOf, isInProcess = false, noPrograms } = options;
  const testWithPrograms = (name: string, act: () => Promise<void>): void => {
    if (noPrograms === undefined) test(name, act);
    else test.skip(`${name}: ${noPrograms}`, act);
  };
  const expectTraces = async (harnessPid: number): Promise<void> => {
    expect((await tracesOf(harnessPid)).length > 0).toBe(!isInProcess);
  };

  describe(`driver ${driver.name} conforms`, () => {
    const running: AsyncDisposable[] = [];
    const up = async (wanted: Pick<TestbedOptions, 'storage'> = {}): Promise<Testbed> => {
      const testbed = await driver.up({ tcpBufferMaxBytes, ...wanted });
      running.push(testbed);
      return testbed;
    };
    afterEach(async () => {
      for (const testbed of running.splice(0)) await testbed[Symbol.asyncDispose]();
    });

    test('brings up four agents that answer', async () => {
      const testbed = await up();
      expect(testbed.driver).toBe(driver.name);
      for (const role of hostRoles) {
        const info = await hello(testbed, role);
        expect(info.role).toBe(role);
        expect(Number(info.nodeVersion.slice(1).split('.')[0])).toBeGreaterThanOrEqual(24);
        await eventually(`a first word of ${role} in its log`, async () =>
          (await testbed.log(role)).includes(`livemig agent: ${role}`),
        );
      }
      expect(Object.keys(await testbed.describe()).length).toBeGreaterThan(0);
    });

    if (driver.noStorage === undefined)
      test('brings up a storage host where one is asked for, joined with both sites through the router', async () => {
        const testbed = await up({ storage: true });
        const { topology } = testbed;
        expect(await hello(testbed, 'storage')).toMatchObject({ role: 'storage' });
        await eventually('a first word of the storage in its log', async () =>
          (await testbed.log('storage')).includes('livemig agent: storage'),
        );
        await connectHosts(testbed);
        for (const site of ['source', 'destination'] as const)
          expect((await ping(testbed, site, topology.storage!.address)).stdout).toContain('2 received');
        const client = testbed.connect('storage');
        const disk = { diskId: 'vm0', sizeBytes: 1 << 20, allocatedBytes: 0, seed: 1 };
        const made = await client.call('createDisk', { ...disk, address: topology.storage!.address });
        expect(made.port).toBeGreaterThan(0);
        expect(await client.call('storageReport', { diskId: 'vm0' })).toMatchObject({ leases: [] });
        client.close();
        await testbed[Symbol.asyncDispose]();
        expect(await tracesOf(process.pid)).toEqual([]);
      });
    else
      test('says why it has no storage host, and has none', async () => {
        expect(driver.noStorage).toMatch(/take driver/);
        expect((await up({ storage: true })).topology).not.toHaveProperty('storage');
      });

    testWithPrograms('joins the hosts through the router alone', async () => {
      const testbed = await up();
      const { topology } = testbed;
      const before = await ping(testbed, 'source', topology.guestAddress);
      expect(before.exitCode).not.toBe(0);
      const [source, destination] = await connectHosts(testbed);
      await routeGuest(testbed);

      const across = await ping(testbed, 'source', topology.destination.address);
      expect(across.stdout).toContain('2 received');
      const hops = await testbed.exec('source', [
        'ping',
        '-n',
        '-c',
        '1',
        '-t',
        '1',
        topology.destination.address,
      ]);
      expect(hops.stdout).toContain(`${topology.source.gateway} `);
      expect(hops.stdout).toMatch(/time to live exceeded/i);
      expect((await ping(testbed, 'observer', topology.guestAddress)).stdout).toContain('2 received');
      for (const state of [source!, destination!]) {
        expect(Number(state.tcpRmem.split(' ')[2])).toBe(tcpBufferMaxBytes);
        expect(Number(state.tcpWmem.split(' ')[2])).toBe(tcpBufferMaxBytes);
        expect(state.routes.some((route) => route.includes('congctl cubic'))).toBe(true);
      }
    });

    testWithPrograms('hands over links that run: Node lists their addresses at once', async () => {
      const testbed = await up();
      const { source, destination, observer, router } = testbed.topology;
      const addresses = {
        source: [source.address],
        destination: [destination.address],
        observer: [observer.address],
        wan: Object.values(router),
      };
      const script = 'console.log(JSON.stringify(os.networkInterfaces()))';
      // The router first: it has the most links to wait for, and every host asked before it takes time.
      for (const role of hostRoles.toSorted((a, b) => addresses[b].length - addresses[a].length)) {
        const { stdout } = await testbed.exec(role, [options.nodePath ?? 'node', '-e', script]);
        for (const address of addresses[role]) expect(stdout).toContain(`"${address}"`);
      }
    });

    testWithPrograms('runs programs in hosts', async () => {
      const testbed = await up();
      const script = 'echo out; echo err >&2; ip -4 -brief address; exit 3';
      const result = await testbed.exec('destination', ['sh', '-c', script]);
      expect(result.exitCode).toBe(3);
      expect(result.stdout).toContain('out');
      expect(result.stdout).toContain(testbed.topology.destination.address);
      expect(result.stdout).not.toContain(testbed.topology.source.address);
      expect(result.stderr).toContain('err');
    });

    testWithPrograms('bounds programs in time, and ends them', async () => {
      const testbed = await up();
      const slow = testbed.exec('source', ['sleep', '54321'], { timeoutMs: 500 });
      await expect(slow).rejects.toMatchObject({ code: 'TIMEOUT' });
      const list = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <$f; echo; done 2>/dev/null; true';
      expect((await testbed.exec('source', ['sh', '-c', list])).stdout).not.toMatch(/^sleep 54321/m);
    });

    test('keeps two testbeds apart, and keeps the second when the first has gone', async () => {
      const [first, second] = [await up(), await up()];
      expect(first.id).not.toBe(second.id);
      await connectHosts(first);
      expect([await reaches(first), await reaches(second)]).toEqual([true, false]);
      await connectHosts(second);
      await first[Symbol.asyncDispose]();
      expect(await reaches(second)).toBe(true);
    });

    if (noPrograms !== undefined)
      test('says that its hosts run no programs', async () => {
        const { exec } = await up();
        for (const role of hostRoles)
          await expect(exec(role, ['true'])).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      });

    const renewal = options.renews ? '' : `: driver ${driver.name} brings up a new testbed instead`;
    (options.renews ? test : test.skip)(`renews source and destination alone${renewal}`, async () => {
      const testbed = await up();
      await connectHosts(testbed);
      await routeGuest(testbed);
      const processesOf = () => Promise.all(hostRoles.map((role) => hello(testbed, role)));
      const idsOf = async () =>
        Object.fromEntries((await processesOf()).map(({ role, pid }) => [role, pid])) as Record<
          HostRole,
          number
        >;
      let before = await idsOf();
      for (let time = 0; time < 2; time++) {
        await testbed.renew?.();
        const after = await idsOf();
        expect(after.source).not.toBe(before.source);
        expect(after.destination).not.toBe(before.destination);
        expect({ wan: after.wan, observer: after.observer }).toEqual({
          wan: before.wan,
          observer: before.observer,
        });
        before = after;
      }
      const { topology } = testbed;
      expect((await ping(testbed, 'source', topology.destination.address)).stdout).toContain('2 received');
      expect((await ping(testbed, 'observer', topology.guestAddress)).stdout).toContain('2 received');
      await testbed[Symbol.asyncDispose]();
      expect(await tracesOf(process.pid)).toEqual([]);
    });

    test('leaves nothing when disposed, even twice', async () => {
      const testbed = await up();
      await expectTraces(process.pid);
      await testbed[Symbol.asyncDispose]();
      expect(await tracesOf(process.pid)).toEqual([]);
      await testbed[Symbol.asyncDispose]();
    });

    test('says why a start failed, and leaves nothing behind', async () => {
      const failure: unknown = await failing.up({ tcpBufferMaxBytes }).then(
        (testbed) => running.push(testbed),
        (error: unknown) => error,
      );
      expect(codeOf(failure)).toBe('TESTBED_FAILED');
      expect(messageOf(failure)).toContain(options.failingAgentSays);
      expect(await tracesOf(process.pid)).toEqual([]);
    });

    test('a start that is aborted fails, and leaves nothing behind', async () => {
      const reason = new Error('not wanted any more');
      const signal = AbortSignal.abort(reason);
      await expect(driver.up({ tcpBufferMaxBytes, signal })).rejects.toBe(reason);
      expect(await tracesOf(process.pid)).toEqual([]);
    });

    test('does not keep the harness alive once disposed', async () => {
      const script = fileURLToPath(new URL('./hold-testbed.ts', import.meta.url));
      const { module, name } = options.exportedBy;
      const harness = spawn(process.execPath, [script, module.href, name, 'dispose'], { stdio: 'inherit' });
      const late = setTimeout(() => harness.kill('SIGKILL'), goneWithinMs);
      expect(await once(harness, 'close')).toEqual([0, null]);
      clearTimeout(late);
      expect(await tracesOf(harness.pid!)).toEqual([]);
    });

    test('does not clean up a testbed in use', async () => {
      const testbed = await up();
      await driver.sweep();
      expect((await hello(testbed, 'source')).role).toBe('source');
    });

    test('leaves nothing when the harness is killed', async () => {
      const script = fileURLToPath(new URL('./hold-testbed.ts', import.meta.url));
      const { module, name } = options.exportedBy;
      const harness = spawn(process.execPath, [script, module.href, name], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const [said] = (await once(harness.stdout, 'data')) as [Buffer];
        expect(said.toString()).toBe('up\n');
        await expectTraces(harness.pid!);
      } finally {
        harness.kill('SIGKILL');
      }
      await once(harness, 'close');
      if (options.afterKill === 'needs-sweep') expect(await driver.sweep()).not.toEqual([]);
      const deadline = monotonicMs() + goneWithinMs;
      while ((await tracesOf(harness.pid!)).length > 0 && monotonicMs() < deadline) await sleep(50);
      expect(await tracesOf(harness.pid!)).toEqual([]);
    });
  });
};
