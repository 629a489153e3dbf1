import { serviceOf, workloads } from '#catalogue/workloads';
import { serviceAccessBytes, serviceHeaderBytes } from '#proto/service';
import { isSimulated } from '../testbed/testbed.ts';
import type { CrossCheck } from './cross-check.ts';

const services = (): string =>
  [...workloads.values()]
    .filter(({ service }) => service !== undefined)
    .map(({ name }) => name)
    .join(', ');

/** Rules over a service in the guest and the load on it. */
export const loadChecks: readonly CrossCheck[] = [
  {
    reads: ['driver', 'workload.name'],
    problem: ({ driver, workload }) =>
      isSimulated(driver) && serviceOf(workload) !== null
        ? `workload: ${workload.name}: driver ${driver} models neither a network card nor queues at a busy vCPU, which a ` +
          `service's latency comes from: take driver netns or docker`
        : undefined,
  },
  {
    reads: ['workload.name', 'load'],
    problem: ({ workload, load }) =>
      load !== undefined && serviceOf(workload) === null
        ? `load: belongs to a workload that answers requests (${services()}); ${workload.name} answers none`
        : undefined,
  },
  {
    reads: ['workload.name', 'load'],
    problem: ({ workload, load }) =>
      load === undefined && serviceOf(workload) !== null
        ? `load: workload ${workload.name} needs requests to answer, as in \`load: { rate: 3000 }\` or --load 3000`
        : undefined,
  },
  {
    reads: ['workload'],
    problem: ({ workload }) => {
      const service = serviceOf(workload);
      if (service === null) return undefined;
      const leastBytes = serviceHeaderBytes + service.accessesPerRequest * serviceAccessBytes;
      return service.responseBytes < leastBytes
        ? `workload.responseBytes: expected at least ${leastBytes}, for the versions of ${service.accessesPerRequest} ` +
            `pages, got ${service.responseBytes}`
        : undefined;
    },
  },
];
