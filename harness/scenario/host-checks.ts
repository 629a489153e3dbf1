import { isSimulated } from '../testbed/testbed.ts';
import type { CrossCheck } from './cross-check.ts';

/** Rules over the hosts' CPUs and the load on them. */
export const hostChecks: readonly CrossCheck[] = [
  {
    reads: ['driver', 'hosts'],
    problem: ({ driver, hosts }) =>
      isSimulated(driver) && hosts !== undefined
        ? `hosts.cpus: driver ${driver} doesn't model the hosts' CPUs: leave it out, or take driver netns or docker`
        : undefined,
  },
  {
    reads: ['hosts', 'hostLoad'],
    problem: ({ hosts }, { hostLoad }) =>
      hostLoad !== undefined && hosts === undefined
        ? 'hostLoad: is a share of a quota of CPU time: set hosts.cpus'
        : undefined,
  },
  {
    reads: ['hostLoad'],
    problem: (_scenario, { hostLoad }) =>
      hostLoad !== undefined && hostLoad.share === undefined
        ? 'hostLoad.share: expected a share from 0.05 to 0.95, got nothing'
        : undefined,
  },
];
