/** Four network namespaces with the shaped network's wiring and nothing else. Needs root and iproute2. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectAgent } from '#harness/control-client';
import type { AgentPort } from '#harness/agent-port';
import { startTimeOf } from '#harness/testbed/owner';
import type { Topology } from '#harness/testbed/testbed';
import { command } from '#hosts/command';

const sites = ['source', 'destination', 'observer'] as const;
type Site = (typeof sites)[number];
export type LabHost = Site | 'router';

export interface LinkLab extends AsyncDisposable {
  clients: { source: AgentPort; destination: AgentPort; observer: AgentPort; wan: AgentPort };
  topology: Topology;
  /** The router's interface towards the destination. */
  shapedInterface: string;
  run(host: LabHost, ...argv: [string, ...string[]]): Promise<string>;
  /** Runs a script of test/support under this Node; its standard output is one JSON document. */
  script<T>(host: LabHost, file: string, ...args: (string | number)[]): Promise<T>;
  /** Ends the router's process as its agent would end. */
  stopRouter(): Promise<void>;
}

const support = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const subnetOf: Record<Site, number> = { source: 1, destination: 2, observer: 3 };
const bufferMax = 64 << 20;

const labPrefix = 'livemig-lab-';

/** Removes what test runs left that were killed. Where processes have ids of their own, one elsewhere isn't seen to live. */
const sweepLabs = async (): Promise<void> => {
  const listed = (await command(['ip', 'netns', 'list'])).matchAll(
    new RegExp(`^${labPrefix}(\\d+)-\\S+`, 'gm'),
  );
  for (const [name, pid] of listed)
    if (startTimeOf(Number(pid)) === null) await command(['ip', 'netns', 'del', name]).catch(() => undefined);
};

export const createLinkLab = async (): Promise<LinkLab> => {
  await sweepLabs();
  const prefix = `${labPrefix}${String(process.pid)}`;
  const nameOf = (host: LabHost): string => `${prefix}-${host}`;
  const inside = (host: LabHost, ...argv: string[]): [string, ...string[]] => [
    'ip',
    'netns',
    'exec',
    nameOf(host),
    ...argv,
  ];
  const run: LinkLab['run'] = (host, ...argv) => command(inside(host, ...argv), { timeoutMs: 60_000 });
  const directory = await mkdtemp(join(tmpdir(), 'livemig-lab-'));
  const processes = new Map<LabHost, ChildProcess>();
  const opened: AgentPort[] = [];

  const stop = async (host: LabHost): Promise<void> => {
    const child = processes.get(host);
    processes.delete(host);
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  const dispose = async (): Promise<void> => {
    for (const client of opened) client.close();
    for (const host of [...processes.keys()]) await stop(host);
    for (const host of [...sites, 'router'] as const)
      await command(['ip', 'netns', 'del', nameOf(host)]).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  };

  const addSite = async (site: Site): Promise<void> => {
    const port = `to-${site}`;
    const address = (last: number): string => `10.99.${String(subnetOf[site])}.${String(last)}/24`;
    await command(['ip', 'link', 'add', port, 'netns', nameOf('router'), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nameOf(site)]); // prettier-ignore
    await run('router', 'ip', 'address', 'add', address(1), 'dev', port);
    await run('router', 'ip', 'link', 'set', port, 'up');
    await run(site, 'ip', 'address', 'add', address(2), 'dev', 'eth0');
    await run(site, 'ip', 'link', 'set', 'eth0', 'up');
    await run(
      site,
      'ip',
      'route',
      'add',
      'default',
      'via',
      address(1).replace('/24', ''),
      'congctl',
      'cubic',
    );
    // A connection that met noise must not set the next one's slow-start threshold.
    await run(site, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save');
    for (const name of ['tcp_rmem', 'tcp_wmem'])
      await run(site, 'sh', '-c', `echo 4096 131072 ${String(bufferMax)} > /proc/sys/net/ipv4/${name}`);
  };
  const start = (host: LabHost): AgentPort => {
    const socket = `unix:${join(directory, host)}`;
    const [program, ...args] = inside(
      host,
      process.execPath,
      support('link-host.ts'),
      host === 'router' ? host : 'probes',
      socket,
    );
    processes.set(host, spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }));
    const client = connectAgent(host, socket);
    opened.push(client);
    return client;
  };
  /** A host that doesn't start fails here, not at some call's time-out. */
  const listening = async (host: LabHost): Promise<void> => {
    const child = processes.get(host);
    while (!existsSync(join(directory, host))) {
      if (child?.exitCode !== null)
        throw new Error(`the ${host} process ended before it listened; see its stderr above`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const hostOf = (site: Site) => {
    const subnet = `10.99.${String(subnetOf[site])}`;
    return { address: `${subnet}.2`, gateway: `${subnet}.1` };
  };

  try {
    for (const host of [...sites, 'router'] as const) {
      await command(['ip', 'netns', 'add', nameOf(host)]);
      await run(host, 'ip', 'link', 'set', 'lo', 'up');
    }
    for (const site of sites) await addSite(site);
    await run('router', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    const topology: Topology = {
      source: hostOf('source'),
      destination: hostOf('destination'),
      observer: hostOf('observer'),
      guestAddress: '10.99.200.1',
      router: {
        towardsSource: hostOf('source').gateway,
        towardsDestination: hostOf('destination').gateway,
        towardsObserver: hostOf('observer').gateway,
      },
    };
    const clients = {
      source: start('source'),
      destination: start('destination'),
      observer: start('observer'),
      wan: start('router'),
    };
    await Promise.all([...sites, 'router' as const].map(listening));
    return {
      clients,
      topology,
      shapedInterface: 'to-destination',
      run,
      script: async <T>(host: LabHost, file: string, ...args: (string | number)[]) =>
        JSON.parse(await run(host, process.execPath, support(file), ...args.map(String))) as T,
      stopRouter: () => stop('router'),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};
