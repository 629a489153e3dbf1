import type { HostLoadMeasurement } from '../result.ts';
import type { HostLoadConfig } from '../scenario.ts';

/** Times of one host's control group and agent, in ms of CPU, at one moment of the testbed's clock. */
export interface HostReading {
  atMs: number;
  usedMs: number;
  throttledMs: number;
  agentMs: number;
}

export interface HostLoadEvidence {
  cpus: number;
  /** Null: a quota alone. */
  load: HostLoadConfig | null;
  /** When the load was in its stride, when the warm-up ended, and when the migration did. */
  readings: Record<'source' | 'destination', readonly HostReading[]>;
}

/** What the hosts' CPUs were busy with beside the agents, and what the agents got. */
export const hostLoadOf = ({ cpus, load, readings }: HostLoadEvidence): HostLoadMeasurement => {
  const ofHost = (host: 'source' | 'destination') => {
    const [steady, migrating, migrated] = readings[host];
    if (steady === undefined || migrating === undefined || migrated === undefined)
      throw new Error(`expected three readings of the ${host}'s CPU time`);
    const othersMs = migrating.usedMs - steady.usedMs - (migrating.agentMs - steady.agentMs);
    return {
      share: load?.at.includes(host) === true ? load.share : 0,
      achieved: Math.max(0, othersMs / ((migrating.atMs - steady.atMs) * cpus)),
      throttledMs: migrated.throttledMs - migrating.throttledMs,
      agentCores: (migrated.agentMs - migrating.agentMs) / (migrated.atMs - migrating.atMs),
    };
  };
  return { source: ofHost('source'), destination: ofHost('destination') };
};
