import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Subject } from 'rxjs';
import { dockerDriver } from '#harness/testbed/docker/index';
import { netnsDriver } from '#harness/testbed/netns/index';
import type { Testbed, TestbedDriver } from '#harness/testbed/testbed';
import { runScenario } from '#harness/run';
import type { RunEvent, RunOptions, RunPhase } from '#harness/run';
import { loadScenario } from '#harness/scenario';
import { mebibyte } from '#proto/units';
import { processesWith } from '../support/processes.ts';

const support = await netnsDriver.probe();
const connect = fileURLToPath(new URL('../../hosts/storage/connect.ts', import.meta.url));

/** Uses the disk from a host's own network namespace, as its agent would; what it finds is the last line. */
const useDisk = async (
  testbed: Testbed,
  host: 'source' | 'destination',
  target: string,
  epoch: number | null,
  script: string,
): Promise<unknown> => {
  const program = `
    const { connectSharedDisk } = await import(${JSON.stringify(connect)});
    const disk = connectSharedDisk({ target: ${JSON.stringify(target)}, diskId: 'vm0' }, ${JSON.stringify(host)});
    const epoch = ${String(epoch)} ?? await disk.acquire();
    disk.adopt(epoch);
    const codeFrom = (work) => work.then(() => null, ({ code }) => code);
    const found = await (async () => { ${script} })();
    console.log(JSON.stringify(found));
    disk.close();
  `;
  const argv = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    program,
  ];
  const { stdout, stderr, exitCode } = await testbed.exec(host, argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
};

const up = async (): Promise<Testbed> => {
  const testbed = await netnsDriver.up({ tcpBufferMaxBytes: 32 << 20, storage: true });
  const { source, destination, storage } = testbed.topology;
  const reach = { source: [storage!], destination: [storage!], storage: [source, destination] };
  for (const role of ['source', 'destination', 'storage'] as const) {
    const client = testbed.connect(role);
    await client.call('configureNetwork', {
      ...testbed.topology[role]!,
      reach: reach[role].map(({ address }) => address),
      congestionControl: 'cubic',
      guestAddress: null,
    });
    client.close();
  }
  return testbed;
};

const scenario = await loadScenario(undefined, {
  ...{ link: 'lan-1g', driver: 'netns', strategy: 'pre-copy', warmupMs: 500 },
  guest: { ram: '64MiB', baseFootprint: '16MiB', disk: '64MiB,allocated=16MiB,storage=shared' },
  workload: 'stress:8MiB@500,diskWriteRate=1MiB/s,diskReadRate=400',
});

/** A noisy machine may spoil the link before anything is done. */
const attempts = 4;

/** Runs it, and does something to its testbed at one of its phases. */
const runOnce = async (at: RunPhase, act: (testbed: Testbed) => Promise<void> | void, options: RunOptions = {}) => {
  const ups: Testbed[] = [];
  const { driver: lent = netnsDriver } = options;
  const driver: TestbedDriver = {
    ...lent,
    up: async (wanted) => {
      const testbed = await lent.up(wanted);
      ups.push(testbed);
      return testbed;
    },
  };
  const events = new Subject<RunEvent>();
  events.subscribe((event) => {
    if (event.type === 'phase' && event.phase === at) void act(ups[0]!);
  });
  return await runScenario(scenario, { ...options, driver, events });
}; // prettier-ignore

const runWith: typeof runOnce = async (...given) => {
  for (let attempt = 1; ; attempt++) {
    const result = await runOnce(...given);
    if (result.state !== 'invalid' || attempt === attempts) return result;
  }
};

const kill = async (testbed: Testbed): Promise<void> => {
  const client = testbed.connect('storage');
  const { pid } = await client.call('hello', {});
  client.close();
  await testbed.exec('storage', ['kill', '-KILL', String(pid)]);
};

if (!support.supported) test.skip(`a storage host: ${support.reason}`, () => undefined);
else
  describe('a storage host', () => {
    test.each([true, false])('serves its disk to both sites; fencing %p', async (fencing) => {
      await using testbed = await up();
      const { address } = testbed.topology.storage!;
      const client = testbed.connect('storage');
      try {
        const disk = { address, diskId: 'vm0', sizeBytes: mebibyte, allocatedBytes: mebibyte / 2, seed: 3 };
        const { port } = await client.call('createDisk', { ...disk, fencing });
        const target = `${address}:${port}`;
        const write = 'await disk.write(5, Buffer.alloc(4096, 9)); await disk.flush(); return epoch;';
        expect(await useDisk(testbed, 'source', target, null, write)).toBe(1);
        const look = 'return [epoch, [...await disk.versions(4, 3)], await codeFrom(disk.write(6, Buffer.alloc(4096)))];';
        expect(await useDisk(testbed, 'destination', target, null, look)).toEqual([2, [2, 0, 2], null]);
        const late = 'return codeFrom(disk.write(7, Buffer.alloc(4096)));';
        expect(await useDisk(testbed, 'source', target, 1, late)).toBe(fencing ? 'LEASE_LOST' : null);
        const report = await client.call('storageReport', { diskId: 'vm0' });
        expect(report.leases.map(({ holder, writes, lateWritesRefused }) => [holder, writes, lateWritesRefused])).toEqual([
          ['source', fencing ? 1 : 2, fencing ? 1 : 0],
          ['destination', 1, 0],
        ]);
        expect(report.writersAtOnceMs > 0).toBe(!fencing);
      } finally {
        client.close();
      }
    }); // prettier-ignore

    test.each(['boot', 'warm-up', 'migrate'] as const)('that is killed in phase %s ends the run', async (phase) => {
      const result = await runWith(phase, kill);
      expect(result).toMatchObject({ state: 'failed', endedIn: { phase } });
      expect(result.error?.code).toBe('AGENT_UNREACHABLE');
      expect(result.error?.message).toContain('the storage agent');
    });

    test('goes with its testbed after Ctrl-C', async () => {
      const ctrlC = new AbortController();
      const result = await runWith('migrate', () => { ctrlC.abort(); }, { signal: ctrlC.signal });
      expect(result.state).toBe('aborted');
      expect(processesWith(`livemig-netns-${process.pid}-`)).toEqual([]);
    });
  }); // prettier-ignore

for (const driver of [netnsDriver, dockerDriver]) {
  const { supported, reason } = await driver.probe();
  const name = `the storage host of driver ${driver.name} carries the disk of a guest that migrates`;
  if (!supported) test.skip(`${name}: ${reason}`, () => undefined);
  else
    test(name, async () => {
      const result = await runWith('migrate', () => undefined, { driver });
      expect(result).toMatchObject({ state: 'completed', error: null });
      if (result.state !== 'completed') return;
      const { storage, wire } = result.measurement;
      expect(storage).toMatchObject({ epochs: 2, lateWritesRefused: 0, writersAtOnceMs: 0 });
      expect(storage!.writes).toBeGreaterThan(0);
      // Those of the destination alone pass the link.
      expect(wire.trafficToDestinationBytes).toBeGreaterThan(0);
      expect(wire.trafficToDestinationBytes).toBeLessThan(storage!.readBytes);
      expect(wire.trafficToSourceBytes).toBeGreaterThan(0);
      expect(result.integrity.disk).toMatchObject({ sectorsCompared: 16_384, mismatches: 0, staleReads: 0 });
    });
}
