import { defaultCapabilities } from '#catalogue/capabilities';
import { defaultLimits } from '#catalogue/limits';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, Subject } from 'rxjs';
import { machineClock, simulatedClock } from '#harness/clock';
import { connectAgent } from '#harness/control-client';
import type { RunnableScenario } from '#harness/run';
import type { CpuEvidence } from '#harness/measure/measure';
import type { ProcessSight } from '#harness/testbed/process-sight';
import { rolesOf } from '#harness/testbed/testbed';
import type { ByRole, Testbed, TestbedDriver, TestbedOptions, Topology } from '#harness/testbed/testbed';
import { serveControl } from '#hosts/control-server';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import type { AgentRole, ControlHandlers, CpuUsage } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import { encodeLinkSamples } from '#proto/link-samples';
import { encodePingSamples } from '#proto/pings';
import { inProcessPort } from '#harness/testbed/in-process-port';
import { pageCount, paperCollected, paperPings } from './synthetic-migration.ts';
import { probed } from './probed.ts';

/**
 * Agents that serve the real management plane and answer from a script: the migration of synthetic-migration.ts. They
 * test the harness's order of calls and its verdicts, and measure nothing.
 */

export const scriptedScenario: RunnableScenario = {
  name: 'scripted',
  link: 'coleraine-dublin-1g',
  driver: 'netns',
  backend: 'auto',
  guest: {
    ramBytes: pageCount * 4096,
    vcpus: 1,
    baseFootprintBytes: 1 << 20,
    deviceStateBytes: 1 << 20,
    prealloc: true,
  },
  workload: {
    name: 'idle', regionBytes: 0, dirtyRatePagesPerSecond: 0,
    content: 'random',
  }, // prettier-ignore
  strategy: 'pre-copy',
  limits: defaultLimits,
  transfer: { dirtyBitmap: true },
  capabilities: defaultCapabilities,
  congestionControl: 'cubic',
  repeat: 1,
  seed: 1,
  warmupMs: 0,
  pingIntervalMs: 1,
};

const site = (last: number) => ({ address: `10.0.${last}.2`, gateway: `10.0.${last}.1` });
export const scriptedTopology: Topology = {
  source: site(1),
  destination: site(2),
  observer: site(3),
  guestAddress: '10.0.200.1',
  router: { towardsSource: '10.0.1.1', towardsDestination: '10.0.2.1', towardsObserver: '10.0.3.1' },
};

const scriptedTopologyOf = ({ storage = false }: Pick<TestbedOptions, 'storage'>): Topology =>
  storage ? { ...scriptedTopology, storage: site(4) } : scriptedTopology;

const rttMs = 5.5;
const goodputMbps = 950;

const inTurn = <T>(values: readonly [T, ...T[]]): (() => T) => {
  let turn = 0;
  return () => values[turn++ % values.length] ?? values[0];
};

const scriptOf = (role: AgentRole): ControlHandlers => {
  const collected = paperCollected();
  // Counters for one migration after another: before and after each.
  const { counters: counts } = collected.router;
  const counters = inTurn([counts.before, counts.after]);
  /** The same, as they are read where traffic is counted apart. */
  const counted = inTurn([counts.before, counts.after]);
  const cpuOf = (times: CpuEvidence['before']): CpuUsage => {
    const its = role === 'storage' ? times.observer : times[role];
    if (its === null) throw new Error('the migration on paper knows its CPU times');
    return its;
  };
  const cpu = inTurn([cpuOf(collected.cpu.before), cpuOf(collected.cpu.after)]);
  const sample = { atMs: 0, operations: 0, pagesDirtied: 0, stalledMs: 0 };
  const ledger = Buffer.alloc(pageCount * 4);
  ledger.fill(1, 0, collected.touchedPages * 4);
  return {
    hello: async () => ({ role, pid: 1, nodeVersion: process.version, kernel: 'scripted' }),
    configureNetwork: async ({ reach, congestionControl }) => ({
      routes: reach,
      congestionControl,
      tcpRmem: '',
      tcpWmem: '',
    }),
    probeServe: async () => ({ udpPort: 1, tcpPort: 2 }),
    probeRtt: async () => probed(rttMs),
    probeThroughput: async () => ({ goodputMbps, bytes: 1e8, measuredMs: 800 }),
    bootGuest: async () => ({ pageCount, nonZeroPages: 1000, bootMs: 1 }),
    startGuest: async () => sample,
    stopGuest: async () => sample,
    migrate: async () => collected.source,
    migrateIncoming: async () => collected.destination,
    ledger: async () => ({ result: { pages: pageCount }, blob: ledger }),
    verify: async (_, blob) => ({
      pagesCompared: (blob?.length ?? 0) / 4, mismatches: 0, staleReads: 0, firstMismatches: [],
    }), // prettier-ignore
    probeBackends: async () => [
      { backend: 'netem', supported: false, reason: 'scripted' },
      { backend: 'nfqueue', supported: true, reason: '' },
    ],
    applyLink: async ({ profile, backend }) => ({
      backend, profile: profile.name, readBack: { sourceToDestination: 'tbf', destinationToSource: 'tbf' },
    }), // prettier-ignore
    linkCounters: async () => counters(),
    countTraffic: async () => ({}),
    trafficCounters: async () => {
      const { sourceToDestination, destinationToSource } = counted();
      return {
        toDestinationBytes: sourceToDestination.bytes,
        toSourceBytes: destinationToSource.bytes,
        trafficToDestinationBytes: 0,
        trafficToSourceBytes: 0,
      };
    },
    startLinkSamples: async () => ({}),
    stopLinkSamples: async () => ({
      result: { count: collected.router.linkSamples.atMs.length },
      blob: encodeLinkSamples(collected.router.linkSamples),
    }),
    routeGuest: async () => ({ port: 3 }),
    guestRouteMoved: async () => ({ atMs: collected.router.routeMovedAtMs }),
    startPings: async () => ({}),
    stopPings: async () => ({
      result: { sent: 4000, received: 3960, full: false },
      blob: encodePingSamples(paperPings({ rttMs })),
    }),
    cpu: async () => cpu(),
  };
};

export interface ScriptedDriver extends TestbedDriver {
  /** Testbeds that are up. */
  readonly live: number;
  /** Testbeds that were ever brought up. */
  readonly ups: number;
  /** Every call so far, as `role.method`. */
  readonly calls: readonly string[];
  /** What the signal does to an agent: KILL ends its server, STOP lets it answer nothing until CONT. */
  send(role: AgentRole, signal: ScriptedSignal): void;
}

export type ScriptedSignal = 'KILL' | 'STOP' | 'CONT';

/** An agent's process, as its driver sees it. */
class ScriptedProcess {
  #state: ProcessSight['state'] = 'runs';
  #goesOn = Promise.withResolvers<undefined>();
  #cpuTicks = 0;
  close: () => void = () => undefined;

  send(signal: ScriptedSignal): void {
    if (this.#state === 'ended') return;
    if (signal === 'KILL') this.close();
    if (signal === 'CONT') this.#goesOn.resolve(undefined);
    if (signal === 'STOP') this.#goesOn = Promise.withResolvers<undefined>();
    this.#state = signal === 'KILL' ? 'ended' : signal === 'STOP' ? 'stopped' : 'runs';
  }

  /** Answers only while it runs. */
  async whileRunning<T>(work: () => Promise<T>): Promise<T> {
    while (this.#state !== 'runs') await this.#goesOn.promise;
    const result = await work();
    while ((this.#state as ProcessSight['state']) !== 'runs') await this.#goesOn.promise;
    return result;
  }

  get isRunning(): boolean {
    return this.#state === 'runs';
  }

  look(): ProcessSight {
    return { state: this.#state, cpuTicks: ++this.#cpuTicks, how: `its process: ${this.#state}` };
  }
}

/**
 * @param changes handlers that replace a role's script.
 * @param renew what its testbeds do for fresh agents; without it they can't.
 * @param isVirtual the agents are in this process, without a socket, and their time is virtual.
 */
export const scriptedDriver = (
  changes: Partial<Record<AgentRole, ControlHandlers>> = {},
  events = new Subject<AgentEvent>(),
  renew?: () => Promise<void>,
  isVirtual = false,
): ScriptedDriver => {
  let live = 0;
  let ups = 0;
  const calls: string[] = [];
  let processes = new Map<AgentRole, ScriptedProcess>();
  const recorded = (role: AgentRole): ControlHandlers => {
    const handlers = { ...scriptOf(role), ...changes[role] } as Record<
      string,
      (...args: unknown[]) => unknown
    >;
    const entries = Object.entries(handlers).map(([method, handler]) => [
      method,
      (...args: unknown[]) => {
        calls.push(`${role}.${method}`);
        return processes.get(role)?.whileRunning(async () => handler(...args));
      },
    ]);
    return Object.fromEntries(entries) as ControlHandlers;
  };
  const up = async (options: Pick<TestbedOptions, 'storage'>): Promise<Testbed> => {
    const topology = scriptedTopologyOf(options);
    const roles = rolesOf(topology);
    const directory = await mkdtemp(join(tmpdir(), 'livemig-scripted-'));
    const targetOf = (role: AgentRole): string => `unix:${directory}/${role}.sock`;
    processes = new Map(roles.map((role) => [role, new ScriptedProcess()]));
    const own = processes;
    const servers = await Promise.all(
      roles.map((role) =>
        serveControl(targetOf(role), recorded(role), events.pipe(filter(() => own.get(role)!.isRunning))),
      ),
    );
    for (const [index, role] of roles.entries()) own.get(role)!.close = () => servers[index]?.close();
    live += 1;
    ups += 1;
    const virtual = new VirtualClock();
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined);
    const going = virtual.go(failure.reject);
    const clock = isVirtual ? simulatedClock(virtual) : machineClock;
    return {
      driver: 'netns',
      id: directory,
      topology,
      clock,
      agents: isVirtual
        ? null
        : (Object.fromEntries(roles.map((role) => [role, targetOf(role)])) as unknown as ByRole<string>),
      connect: (role) =>
        isVirtual
          ? inProcessPort(recorded(role), events, {
              name: `the ${role} agent`,
              clock,
              failed: failure.promise,
            })
          : connectAgent(role, targetOf(role)),
      exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
      log: async (role) => `the ${role}'s last words`,
      look: async (role) => own.get(role)!.look(),
      describe: async () => ({ kind: 'scripted' }),
      ...(renew === undefined ? {} : { renew }),
      [Symbol.asyncDispose]: async () => {
        live -= 1;
        going[Symbol.dispose]();
        for (const server of servers) server.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  };
  return {
    name: 'netns',
    probe: async () => ({ supported: true, reason: '' }),
    up,
    sweep: async () => [],
    get live() {
      return live;
    },
    get ups() {
      return ups;
    },
    calls,
    send: (role, signal) => processes.get(role)?.send(signal),
  };
};
