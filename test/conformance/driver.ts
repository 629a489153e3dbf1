/**
 * What every testbed driver that brings up hosts has to do, whatever it makes them of.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAgent } from '../../harness/control-client.ts';
import type { Testbed, TestbedDriver } from '../../harness/testbed/testbed.ts';
import type { HostRole, NetworkState } from '../../proto/control.ts';
import { hostRoles } from '../../proto/control.ts';
import { codeOf, messageOf } from '../../proto/errors.ts';
import { monotonicMs } from '../../proto/units.ts';

export interface DriverConformanceOptions {
  driver: TestbedDriver;
  /** The same driver with an agent program that ends at once: its `up` has to fail. */
  failing: TestbedDriver;
  /** What that agent says on stderr, which the failure has to repeat. */
  failingAgentSays: string;
  /**
   * Everything on this machine that belongs to testbeds of the harness with this process id: processes, namespaces,
   * containers, networks, files. Must not be empty while such a testbed is up.
   */
  tracesOf(harnessPid: number): Promise<string[]>;
  /** Module that exports the driver as `name`, for a child process to load. */
  exportedBy: { module: URL; name: string };
  /** Where hosts have their Node, if not on their path. */
  nodePath?: string;
  /** Whether its testbeds can give source and destination fresh agents. */
  renews: boolean;
  /** Whether a killed harness's testbed goes by itself, or with the next sweep. */
  afterKill: 'goes-by-itself' | 'needs-sweep';
}

const tcpBufferMaxBytes = 32 << 20;
const goneWithinMs = 20_000;

/** Routes between all sites, and from the router to the guest at the source, as a run sets them. */
const connectHosts = async ({ topology, agents, exec }: Testbed): Promise<NetworkState[]> => {
  const sites = ['source', 'destination', 'observer'] as const;
  const states: NetworkState[] = [];
  for (const site of sites) {
    const client = connectAgent(site, agents[site]);
    const others = sites.filter((other) => other !== site).map((other) => topology[other].address);
    try {
      const state = await client.call('configureNetwork', {
        ...topology[site],
        reach: site === 'observer' ? [...others, topology.guestAddress] : others,
        congestionControl: 'cubic',
        guestAddress: site === 'source' ? topology.guestAddress : null,
      });
      states.push(state);
    } finally {
      client.close();
    }
  }
  const { guestAddress, source } = topology;
  await exec('wan', ['ip', 'route', 'replace', `${guestAddress}/32`, 'via', source.address]);
  return states;
};

const ping = (testbed: Testbed, from: HostRole, to: string) =>
  testbed.exec(from, ['ping', '-n', '-c', '2', '-i', '0.2', '-W', '5', to]);

const hello = async (testbed: Testbed, role: HostRole) => {
  const client = connectAgent(role, testbed.agents[role]);
  try {
    return await client.call('hello', {}, { timeoutMs: 10_000 });
  } finally {
    client.close();
  }
};

/** Call it inside a test file of its own, after the driver's `probe` has said that it works here. */
export const driverConformance = (options: DriverConformanceOptions): void => {
  const { driver, failing, tracesOf } = options;

  describe(`driver ${driver.name} conforms`, () => {
    const running: AsyncDisposable[] = [];
    const up = async (): Promise<Testbed> => {
      const testbed = await driver.up({ tcpBufferMaxBytes });
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
        expect(await testbed.log(role)).toContain(`livemig agent: ${role}`);
      }
      expect(Object.keys(await testbed.describe()).length).toBeGreaterThan(0);
    });

    test('joins the hosts through the router alone', async () => {
      const testbed = await up();
      const { topology } = testbed;
      const before = await ping(testbed, 'source', topology.guestAddress);
      expect(before.exitCode).not.toBe(0);
      const [source, destination] = await connectHosts(testbed);

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

    test('hands over links that run: Node lists their addresses at once', async () => {
      const testbed = await up();
      const { source, destination, observer, router } = testbed.topology;
      const addresses = {
        source: [source.address],
        destination: [destination.address],
        observer: [observer.address],
        wan: Object.values(router),
      };
      const script = 'console.log(JSON.stringify(os.networkInterfaces()))';
      // The router first: it has the most links to wait for, and each host asked is time gone by.
      for (const role of hostRoles.toSorted((a, b) => addresses[b].length - addresses[a].length)) {
        const { stdout } = await testbed.exec(role, [options.nodePath ?? 'node', '-e', script]);
        for (const address of addresses[role]) expect(stdout).toContain(`"${address}"`);
      }
    });

    test('runs programs in hosts', async () => {
      const testbed = await up();
      const script = 'echo out; echo err >&2; ip -4 -brief address; exit 3';
      const result = await testbed.exec('destination', ['sh', '-c', script]);
      expect(result.exitCode).toBe(3);
      expect(result.stdout).toContain('out');
      expect(result.stdout).toContain(testbed.topology.destination.address);
      expect(result.stdout).not.toContain(testbed.topology.source.address);
      expect(result.stderr).toContain('err');
    });

    test('bounds programs in time, and ends them', async () => {
      const testbed = await up();
      const slow = testbed.exec('source', ['sleep', '54321'], { timeoutMs: 500 });
      await expect(slow).rejects.toMatchObject({ code: 'TIMEOUT' });
      const list = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <$f; echo; done 2>/dev/null; true';
      expect((await testbed.exec('source', ['sh', '-c', list])).stdout).not.toMatch(/^sleep 54321/m);
    });

    test('keeps two testbeds apart, and the second after the first has gone', async () => {
      const [first, second] = [await up(), await up()];
      expect(first.id).not.toBe(second.id);
      await connectHosts(first);
      const unconnected = await ping(second, 'source', second.topology.destination.address);
      await connectHosts(second);
      expect(unconnected.exitCode).not.toBe(0);
      await first[Symbol.asyncDispose]();
      expect((await ping(second, 'source', second.topology.destination.address)).stdout).toContain(
        '2 received',
      );
    });

    const renewal = options.renews ? '' : `: driver ${driver.name} brings up a new testbed instead`;
    (options.renews ? test : test.skip)(`renews source and destination alone${renewal}`, async () => {
      const testbed = await up();
      await connectHosts(testbed);
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

    test('leaves nothing when disposed, twice too', async () => {
      const testbed = await up();
      expect(await tracesOf(process.pid)).not.toEqual([]);
      await testbed[Symbol.asyncDispose]();
      expect(await tracesOf(process.pid)).toEqual([]);
      await testbed[Symbol.asyncDispose]();
    });

    test('says why a start failed, and leaves nothing of it', async () => {
      const failure: unknown = await failing.up({ tcpBufferMaxBytes }).then(
        (testbed) => running.push(testbed),
        (error: unknown) => error,
      );
      expect(codeOf(failure)).toBe('TESTBED_FAILED');
      expect(messageOf(failure)).toContain(options.failingAgentSays);
      expect(await tracesOf(process.pid)).toEqual([]);
    });

    test('sweeps no testbed in use', async () => {
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
        expect(await tracesOf(harness.pid!)).not.toEqual([]);
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
