import type { HostRole, RouterPorts } from '../../proto/control.ts';
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

/** IPv4 addresses of the shaped network. */
export interface Topology {
  source: HostAddress;
  destination: HostAddress;
  observer: HostAddress;
  /** The guest's own address, outside both sites' subnets; the router owns the route to it. */
  guestAddress: string;
  router: RouterPorts;
}

export interface TestbedOptions {
  /** For `net.ipv4.tcp_rmem` and `tcp_wmem` of source and destination: their third, largest value in bytes. */
  tcpBufferMaxBytes: number;
  /** Ends `up` early: what it has started is taken down, and it throws. */
  signal?: AbortSignal;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Four running hosts with their agents, not yet shaped. Disposing stops and removes everything. */
export interface Testbed extends AsyncDisposable {
  readonly driver: string;
  /** Unique on this machine; also the value of the label that the sweep of dead testbeds reads. */
  readonly id: string;
  readonly topology: Topology;
  /** gRPC targets of the agents' management plane (`unix:/…`, `host:port` or `TOKEN@host:port`). */
  readonly agents: Readonly<Record<HostRole, string>>;
  /** Run a program inside a host to its end: iperf3 in benchmarks, diagnosis. */
  exec(role: HostRole, argv: readonly string[], options?: { timeoutMs?: number }): Promise<ExecResult>;
  /** What an agent has written to stderr so far, for error messages. */
  log(role: HostRole): Promise<string>;
  /** How an agent's process fares, where the driver can see it: a process that is stopped can't say so itself. */
  look?(role: HostRole): Promise<ProcessSight>;
  /** Engine, image and the like, for the result's `environment`. */
  describe(): Promise<Record<string, string>>;
  /**
   * Fresh agents for source and destination, where the driver can: new processes without a guest at the same targets.
   * Router, observer, network and link stay as they are. Nobody may be connected to the two meanwhile.
   * @throws LivemigError TESTBED_FAILED; the testbed is good for nothing but disposal then.
   */
  renew?(): Promise<void>;
}

export interface TestbedDriver {
  readonly name: DriverName;
  probe(): Promise<Support>;
  /** @throws LivemigError TESTBED_FAILED, or CANCELLED with the options' signal; nothing is left behind then. */
  up(options: TestbedOptions): Promise<Testbed>;
  /** Remove what testbeds of dead harnesses left; returns what was removed. Testbeds in use stay. */
  sweep(): Promise<string[]>;
}

export const driverNames = ['netns', 'docker', 'attach'] as const;
export type DriverName = (typeof driverNames)[number];
