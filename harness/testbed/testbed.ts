import type { AgentRole, ExtraRole, HostRole, RouterPorts } from '#proto/control';
import { extraRoles, hostRoles } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AgentPort } from '../agent-port.ts';
import type { Clock } from '../clock.ts';
import type { ProcessSight } from './process-sight.ts';

/** What the machine offers: whether something works here, and if not why and how to get it. */
export interface Support {
  supported: boolean;
  reason: string;
}

export interface HostAddress {
  /** On the shaped network. */
  address: string;
  /** The router's address next to it. */
  gateway: string;
}

/** By agent: all that every testbed has, and those of hosts that a run has asked for. */
export type ByRole<T> = Readonly<Record<HostRole, T> & Partial<Record<ExtraRole, T>>>;

/** @throws LivemigError INTERNAL where the testbed has no such host */
export const ofRole = <T>(hosts: ByRole<T>, role: AgentRole): T => {
  const found = hosts[role];
  if (found === undefined) throw new LivemigError('INTERNAL', `expected the testbed to have a ${role} host`);
  return found;
};

/** IPv4 addresses of the shaped network. */
export interface Topology {
  source: HostAddress;
  destination: HostAddress;
  observer: HostAddress;
  /** Where a run needs one (`TestbedOptions.storage`): at the source's site, as the observer is. */
  storage?: HostAddress;
  /** The guest's own address, outside both sites' subnets; the router owns the route to it. */
  guestAddress: string;
  router: RouterPorts;
}

export interface TestbedOptions {
  /** For `net.ipv4.tcp_rmem` and `tcp_wmem` of source and destination: their third, largest value in bytes. */
  tcpBufferMaxBytes: number;
  /** Whether it gets a storage host; default false. Drivers that say `noStorage` can't. */
  storage?: boolean;
  /** Ends `up` early: what it has started is taken down, and it throws the signal's reason. */
  signal?: AbortSignal;
}

/** The hosts of a testbed, by its addresses. */
export const rolesOf = (topology: Pick<Topology, ExtraRole>): readonly AgentRole[] => [
  ...hostRoles,
  ...extraRoles.filter((role) => topology[role] !== undefined),
];

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** CPU time of one host since it has a quota: of all its processes, and how long the quota held them back. */
export interface CpuUsed {
  usedMs: number;
  throttledMs: number;
}

export type HostSignal = 'KILL' | 'STOP' | 'CONT';

/** A host's quota of CPU time. */
export interface CpuLimit {
  read(): Promise<CpuUsed>;
  /** The host has all of the machine again, where it goes on. */
  lift(): Promise<void>;
}

/** Running hosts with their agents, not yet shaped. Disposing stops and removes everything. */
export interface Testbed extends AsyncDisposable {
  readonly driver: string;
  /** Unique on this machine; also the value of the label that the sweep of dead testbeds reads. */
  readonly id: string;
  readonly topology: Topology;
  /** By which its agents tell their moments, and a run its waits. */
  readonly clock: Clock;
  /**
   * Where other processes of this machine find the agents: gRPC targets of their management plane (`unix:/…`, `host:port` or
   * `TOKEN@host:port`). null: nobody else can reach them.
   */
  readonly agents: ByRole<string> | null;
  /** A line to an agent, to be closed by whoever asked for it. */
  connect(role: AgentRole): AgentPort;
  /** Run a program inside a host to its end: iperf3 in benchmarks, diagnosis. */
  exec(role: AgentRole, argv: readonly string[], options?: { timeoutMs?: number }): Promise<ExecResult>;
  /** What an agent has written to stderr so far, for error messages. */
  log(role: AgentRole): Promise<string>;
  /** How an agent's process fares, where the driver can see it: a process that is stopped can't say so itself. */
  look?(role: AgentRole): Promise<ProcessSight>;
  /**
   * Gives a host a quota of CPU time, in CPUs, for its agent and what that starts from now on. Undefined: the driver can't.
   * @throws LivemigError UNSUPPORTED where this machine doesn't let it
   */
  limitCpus?(role: 'source' | 'destination', cpus: number): Promise<CpuLimit>;
  /**
   * Ends an agent's process at once (KILL), holds it up (STOP), or lets it go on (CONT). Undefined: the driver can't.
   * @throws LivemigError TESTBED_FAILED where it is gone already
   */
  signal?(role: AgentRole, signal: HostSignal): Promise<void>;
  /** Engine, image and the like, for the result's `environment`. */
  describe(): Promise<Record<string, string>>;
  /**
   * Fresh agents for source and destination, where the driver can: new processes without a guest at the same targets.
   * Router, observer, storage, network and link stay as they are. Nobody may be connected to the two meanwhile.
   * @throws LivemigError TESTBED_FAILED; the testbed is good for nothing but disposal then.
   */
  renew?(): Promise<void>;
}

export interface TestbedDriver {
  readonly name: DriverName;
  /** Why its testbeds have no storage host, and what to do; absent = they have one where a run needs it. */
  readonly noStorage?: string;
  probe(): Promise<Support>;
  /** @throws LivemigError TESTBED_FAILED, or the reason of the options' signal; nothing is left behind then. */
  up(options: TestbedOptions): Promise<Testbed>;
  /** Remove what testbeds of dead harnesses left; returns what was removed. Testbeds in use stay. */
  sweep(): Promise<string[]>;
}

export const driverNames = ['netns', 'docker', 'attach', 'sim'] as const;
export type DriverName = (typeof driverNames)[number];

/**
 * Whether what its runs say was computed from models, and nothing of it measured: nothing in them comes by chance or from
 * this machine's clock, all of it follows from the scenario.
 */
export const isSimulated = (driver: string): boolean => driver === ('sim' satisfies DriverName);
