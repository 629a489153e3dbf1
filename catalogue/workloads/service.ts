import { serviceAccessesMax, serviceResponseMaxBytes } from '#proto/service';
import { monotonicMs } from '#proto/units';
import { choice, integer, valuesOf } from '../parameter.ts';
import { readPatterns } from '../read-patterns.ts';
import { definedAs } from '../room.ts';
import { defineWorkload } from '../workload.ts';

const accesses = (given: { help: string; default: number }) =>
  integer({ ...given, unit: 'pages', least: 0, most: serviceAccessesMax });

const parameters = {
  readsPerRequest: accesses({ help: 'pages that a request reads', default: 8 }),
  writesPerRequest: accesses({ help: 'pages that a request writes', default: 2 }),
  locality: choice({
    help: 'which pages of the region requests read and write',
    what: 'locality',
    among: readPatterns,
    default: 'zipf',
  }),
  serviceUs: integer({
    help: 'time that a vCPU computes for a request, besides its pages',
    unit: 'µs',
    least: 0,
    most: 5000,
    default: 100,
  }),
  workers: integer({
    help: 'requests that the service has accepted at once; a vCPU works on one at a time',
    unit: 'requests',
    least: 1,
    most: 1024,
    default: 64,
  }),
  backlog: integer({
    help: 'requests that wait to be accepted; what comes on top is refused',
    unit: 'requests',
    least: 0,
    most: 4096,
    default: 511,
  }),
  responseBytes: integer({
    help: 'size of an answer',
    unit: 'bytes',
    least: 64,
    most: serviceResponseMaxBytes,
    default: 4096,
  }),
};

/**
 * A server: answers requests from outside, each of which reads and writes pages. A vCPU takes one request, serves it to its
 * end and takes the next; on a missing page it waits. While there is none, it sleeps.
 */
export default defineWorkload({
  name: 'service',
  help: 'a server: each request from outside reads and writes pages of a region (needs `load`)',
  hasRegion: true,
  hasDirtyRate: false,
  parameters,
  service: (config) => {
    const { readsPerRequest, writesPerRequest, workers, backlog, responseBytes } = valuesOf(
      parameters,
      config,
    );
    return {
      queuedMost: workers + backlog,
      accessesPerRequest: readsPerRequest + writesPerRequest,
      responseBytes,
    };
  },
  create: (context, { readsPerRequest, writesPerRequest, locality, serviceUs }) => {
    const { slice, requests } = context;
    const nextPage = definedAs(readPatterns, locality).start(context);
    return {
      stepsPerSecond: 0,
      get isIdle() {
        return requests === undefined || requests.isEmpty;
      },
      step: (memory, random) => {
        const request = requests?.take() ?? null;
        if (requests === undefined || request === null) return;
        const untilMs = monotonicMs() + serviceUs / 1000;
        const pages = slice.pages === 0 ? 0 : readsPerRequest + writesPerRequest;
        for (let access = 0; access < pages; access++) {
          const page = slice.first + nextPage(random);
          request.note(page, access < readsPerRequest ? memory.read(page) : memory.write(page));
        }
        while (monotonicMs() < untilMs);
        requests.answer(request);
      },
    };
  },
});
