import type { Limits } from '#catalogue/limits';
import type { Capabilities } from '#proto/capabilities';
import type { GuestConfig, WorkloadConfig } from '#proto/guest';
import type { BackendName } from '#proto/link';
import type { LoadConfig } from '#proto/service';
import type { TransferSwitches } from '#proto/strategy';
import type { TrafficConfig, TrafficSide } from '#proto/traffic';
import type { DriverName } from '../testbed/testbed.ts';
import type { TimelineEntry, TimeoutAction } from '../timeline/types.ts';
import type { Threshold } from '../thresholds/threshold.ts';

export interface HostsConfig {
  /** Quota of CPU time of either host, in CPUs. */
  cpus: number;
}

/** What is done to a migration that hasn't ended by then. */
export interface TimeoutConfig {
  /** From the order to migrate, in ms. */
  afterMs: number;
  action: TimeoutAction;
}

export interface HostLoadConfig {
  /** Of the hosts' quota. */
  share: number;
  at: TrafficSide[];
  /** Of the processes that make it. */
  nice: number;
}

/** One experiment, complete and valid: a scenario file, the command line and the defaults combined. */
export interface Scenario {
  name: string;
  /** Name of a profile in netem-profiles/. */
  link: string;
  /** `auto`: docker if an engine answers, else netns. */
  driver: DriverName | 'auto';
  /** `auto`: netem if the kernel has it, else nfqueue. */
  backend: BackendName | 'auto';
  guest: Omit<GuestConfig, 'workload' | 'seed'>;
  workload: WorkloadConfig;
  /** What shares the link with the migration; absent = nothing. */
  traffic?: TrafficConfig[];
  /** What source and destination have; absent = all of this machine. */
  hosts?: HostsConfig;
  /** What keeps them busy beside the agents; absent = nothing. */
  hostLoad?: HostLoadConfig;
  /** Requests to a service in the guest; absent = it is none. */
  load?: LoadConfig;
  /** The name, or the path of a file that exports one. */
  strategy: string;
  limits: Limits;
  transfer: Pick<TransferSwitches, 'dirtyBitmap'>;
  /** The capabilities that are on. */
  capabilities: Capabilities;
  /** Absent = a migration takes as long as its limits allow. */
  onTimeout?: TimeoutConfig;
  /** What is done to link, hosts and migration while it runs; absent = nothing. */
  timeline?: TimelineEntry[];
  /** What its runs are judged by, all together; no run knows of it. */
  thresholds?: Threshold[];
  /** TCP congestion control of both hosts, as the kernel names it. */
  congestionControl: string;
  /** Number of runs; run i (from 0) uses seed + i. */
  repeat: number;
  seed: number;
  /** How long the workload runs before the migration starts, in ms. */
  warmupMs: number;
  /** Interval of the observer's pings, in ms. */
  pingIntervalMs: number;
}

/** The guest as an agent boots it. */
export const guestConfigOf = (scenario: Pick<Scenario, 'guest' | 'workload' | 'seed'>): GuestConfig => ({
  ...scenario.guest,
  workload: scenario.workload,
  seed: scenario.seed,
});

/** What a run is made of: what it is judged by makes no difference to it. */
export const unjudged = (scenario: Scenario): Scenario => {
  const run = { ...scenario };
  delete run.thresholds;
  return run;
};
