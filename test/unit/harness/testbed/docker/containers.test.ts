import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { demultiplex } from '#harness/testbed/docker/exec';
import { isAlive, labels, labelsOf, ownerOf } from '#harness/testbed/docker/labels';
import { bridgeOptions, networkName, networksOf } from '#harness/testbed/docker/networks';
import type { FoundTestbed } from '#harness/testbed/docker/removal';
import { isAbandoned } from '#harness/testbed/docker/removal';
import { recordStart } from '#harness/testbed/docker/start-log';
import { refusedSysctl, sysctlsOf } from '#harness/testbed/docker/sysctls';
import { topologyOf } from '#harness/testbed/docker/topology';
import { leaseLostExitCode } from '#proto/lease';
import { monotonicMs } from '#proto/units';

describe('owners', () => {
  test('this process is alive, but its id with another start time is not', () => {
    expect(isAlive(ownerOf(process.pid))).toBe(true);
    expect(isAlive(`${String(process.pid)}:1`)).toBe(false);
    expect(labelsOf('t')[labels.owner]).toBe(ownerOf(process.pid));
  });

  test('a process that has ended is dead', async () => {
    const child = spawn('sleep', ['60']);
    const owner = ownerOf(child.pid!);
    expect(isAlive(owner)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(owner)).toBe(false);
  });

  test('a zombie is dead', async () => {
    // The shell becomes a sleep, which never collects the shell's child.
    const parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [said] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(said.toString());
      const owner = ownerOf(pid);
      expect(isAlive(owner)).toBe(true);
      const deadline = monotonicMs() + 10_000;
      while (isAlive(owner) && monotonicMs() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(isAlive(owner)).toBe(false);
      expect(readFileSync(`/proc/${String(pid)}/stat`, 'utf8')).toContain(') Z ');
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

describe('a testbed', () => {
  const nowS = 1_700_000_000;
  const running = { isRunning: true, exitCode: null };
  const ended = (exitCode: number) => ({ isRunning: false, exitCode });
  const created = { isRunning: false, exitCode: null };
  const found = (changes: Partial<FoundTestbed>): FoundTestbed => ({
    id: 't',
    owner: ownerOf(process.pid),
    scope: 'here',
    containers: [running],
    createdAtS: nowS - 60,
    ...changes,
  });
  const dead = `${String(process.pid)}:1`;

  test.each([
    ['of a living harness', {}, false],
    ['of a living harness, all of it ended', { containers: [ended(leaseLostExitCode)] }, false],
    ['of a dead harness', { owner: dead }, true],
    ['of another place, running', { scope: 'there', owner: dead, createdAtS: 0 }, false],
    ['of another place, coming up', { scope: 'there', owner: dead, containers: [] }, false],
    [
      'of another place, coming up with one that fails',
      { scope: 'there', containers: [ended(1), created] },
      false,
    ],
    [
      'of another place, without its harness',
      { scope: 'there', containers: [ended(leaseLostExitCode), created] },
      true,
    ],
    [
      'of another place, half without it',
      { scope: 'there', containers: [ended(leaseLostExitCode), running] },
      false,
    ],
    [
      'of another place, broken off while it came up',
      { scope: 'there', containers: [], createdAtS: nowS - 4000 },
      true,
    ],
    [
      'of another place, ended by its machine',
      { scope: 'there', containers: [ended(137)], createdAtS: nowS - 4000 },
      true,
    ],
  ] as const)('%s: abandoned %p', (_, changes, expected) => {
    expect(isAbandoned(found(changes as Partial<FoundTestbed>), 'here', nowS)).toBe(expected);
  });
});

describe('sysctls', () => {
  const options = { tcpBufferMaxBytes: 1234567 };

  test('only the router forwards', () => {
    expect(sysctlsOf('wan', options, new Set())['net.ipv4.ip_forward']).toBe('1');
    expect(sysctlsOf('source', options, new Set())).not.toHaveProperty(['net.ipv4.ip_forward']);
  });

  test('buffers are the testbed options', () => {
    expect(sysctlsOf('source', options, new Set())['net.ipv4.tcp_wmem']).toBe('4096 131072 1234567');
  });

  test('refused ones are left out; required ones never count as refused', () => {
    const name = refusedSysctl('open /proc/sys/net/ipv4/tcp_no_metrics_save: no such file or directory');
    expect(name).toBe('net.ipv4.tcp_no_metrics_save');
    expect(sysctlsOf('source', options, new Set([name!]))).not.toHaveProperty([name!]);
    expect(refusedSysctl('open /proc/sys/net/ipv4/tcp_rmem: no such file or directory')).toBeUndefined();
  });
});

describe('networks', () => {
  test('join the router with every site, and no two sites', () => {
    expect(networksOf('wan', {})).toEqual(['mgmt', 'source', 'destination', 'observer']);
    expect(networksOf('source', {})).toEqual(['mgmt', 'source']);
    const storage = { storage: true };
    expect(networksOf('wan', storage)).toEqual(['mgmt', 'source', 'destination', 'observer', 'storage']);
    expect(networksOf('source', storage)).toEqual(['mgmt', 'source']);
    expect(networksOf('storage', storage)).toEqual(['mgmt', 'storage']);
  });

  test('ask for unfiltered bridges only where the engine knows the option', () => {
    const option = 'com.docker.network.bridge.gateway_mode_ipv4';
    expect(bridgeOptions('20.10.24+dfsg1')).not.toHaveProperty([option]);
    expect(bridgeOptions('27.5.1')).not.toHaveProperty([option]);
    expect(bridgeOptions('28.0.1')).toHaveProperty([option], 'nat-unprotected');
  });

  const host = (addresses: Record<string, string>) => ({
    Name: '/host',
    NetworkSettings: {
      Networks: Object.fromEntries(
        Object.entries(addresses).map(([name, IPAddress]) => [name, { IPAddress }]),
      ),
    } as never,
  });
  const site = (kind: 'source' | 'destination' | 'observer', address: string) =>
    host({ [networkName('t', kind)]: address, [networkName('t', 'mgmt')]: '10.0.0.9' });

  test('give the topology the addresses of the sites, not of mgmt', () => {
    const addressesOfRouter = {
      't-mgmt': '10.0.0.2',
      't-source': '10.0.1.2',
      't-destination': '10.0.2.2',
      't-observer': '10.0.3.2',
    };
    const router = host(addressesOfRouter);
    const hosts = {
      source: site('source', '10.0.1.3'),
      destination: site('destination', '10.0.2.3'),
      observer: site('observer', '10.0.3.3'),
      wan: router,
    };
    const topology = topologyOf('t', hosts);
    expect(topology.source).toEqual({ address: '10.0.1.3', gateway: '10.0.1.2' });
    expect(topology.router.towardsDestination).toBe('10.0.2.2');
    expect(topology).not.toHaveProperty('storage');
    const storage = host({ 't-storage': '10.0.4.3', 't-mgmt': '10.0.0.9' });
    const wan = host({ ...addressesOfRouter, 't-storage': '10.0.4.2' });
    expect(topologyOf('t', { ...hosts, wan, storage }).storage).toEqual({
      address: '10.0.4.3',
      gateway: '10.0.4.2',
    });
    expect(() => topologyOf('t', { ...hosts, observer: host({}) })).toThrow(/has no address on t-observer/);
  });
});

describe('logs', () => {
  const frame = (text: string): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = 2;
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };

  test('are stripped of the engine’s framing', () => {
    expect(demultiplex(Buffer.concat([frame('one\n'), frame('zwölf\n')]))).toBe('one\nzwölf\n');
    expect(demultiplex(Buffer.alloc(0))).toBe('');
  });

  test('of a failed start end with its last lines', async () => {
    const log = recordStart();
    const stream = new PassThrough();
    log.consume(stream);
    stream.end(Array.from({ length: 40 }, (_, line) => `line ${String(line)}`).join('\n'));
    const tail = await log.tail();
    expect(tail.split('\n').length).toBe(15);
    expect(tail).toMatch(/line 39$/);
  });

  test('of a container that never existed are empty', async () => {
    expect(await recordStart().tail()).toBe('');
  });
});
