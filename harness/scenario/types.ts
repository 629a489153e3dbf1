import type { Capabilities } from '../../proto/capabilities.ts';
import type { GuestConfig, WorkloadConfig } from '../../proto/guest.ts';
import type { BackendName } from '../../proto/link.ts';
import type { Limits, StrategyFile, StrategyName, TransferSwitches } from '../../proto/strategy.ts';
import type { DriverName } from '../testbed/testbed.ts';

/** One experiment, complete and valid: what a scenario file, the command line and the defaults make together. */
export interface Scenario {
  name: string;
  /** Name of a profile in netem-profiles/. */
  link: string;
  /** `auto`: docker where an engine answers, else netns. */
  driver: DriverName | 'auto';
  /** `auto`: netem where the kernel has it, else nfqueue. */
  backend: BackendName | 'auto';
  guest: Omit<GuestConfig, 'workload' | 'seed'>;
  workload: WorkloadConfig;
  /** By its name, or the path of a file that exports one. */
  strategy: StrategyName | StrategyFile;
  limits: Limits;
  transfer: TransferSwitches;
  /** Those that are on; what `transfer` says, isn't said again. */
  capabilities: Capabilities;
  /** TCP congestion control of both hosts, as the kernel names it. */
  congestionControl: string;
  /** How many runs; run i (from 0) uses seed + i. */
  repeat: number;
  seed: number;
  /** How long the workload runs before the migration starts, in ms. */
  warmupMs: number;
  /** The observer's pings, in ms from one to the next. */
  pingIntervalMs: number;
}

/** The guest as an agent boots it. */
export const guestConfigOf = (scenario: Pick<Scenario, 'guest' | 'workload' | 'seed'>): GuestConfig => ({
  ...scenario.guest,
  workload: scenario.workload,
  seed: scenario.seed,
});
