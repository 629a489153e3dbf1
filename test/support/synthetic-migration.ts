import { destinationCounters, noneCounted, sourceCounters } from '#catalogue/counters';
import type { CpuUsage, DestinationReport, HostRole, SourceReport } from '#proto/control';
import { hostRoles } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { LinkDirection, LinkProfile } from '#proto/link';
import type { LinkSamples } from '#proto/link-samples';
import type { PingSamples } from '#proto/pings';
import { pingHost } from '#proto/pings';
import type { Collected } from '#harness/measure/measure';
import { leastWireBytes } from '#harness/measure/wire';

/**
 * A migration worked out by hand, with every figure known: starts at 10 000 ms, active 50 ms later, downtime 12 000 to
 * 12 040, 5 ms RTT, 10 000 full pages and 6 384 zero pages.
 */

const direction: LinkDirection = { rateMbps: 1000, delayMs: 2.5, jitterMs: 0, lossPercent: 0, bufferMs: 20 };
export const paperProfile: LinkProfile = {
  name: 'paper',
  description: 'a link on paper',
  sourceToDestination: direction,
  destinationToSource: direction,
};
export const paperRttMs = 5;
export const startedAtMs = 10_000;
export const lastInstructionAtMs = 12_000;
export const firstInstructionAtMs = 12_040;
export const pageCount = 16_384;
const normal = 10_000;
const deviceStateBytes = 1 << 20;

export const paperSource = (): SourceReport => ({
  status: 'completed',
  error: null,
  timeline: {
    startedAtMs,
    activeAtMs: startedAtMs + 50,
    pauseRequestedAtMs: lastInstructionAtMs - 2,
    lastInstructionAtMs,
    continuedAtMs: null,
    pagesSentAtMs: 12_010,
    deviceStateSentAtMs: 12_018,
    endedAtMs: 12_050,
  },
  ram: {
    ...noneCounted(sourceCounters),
    total: pageCount * 4096,
    transferred: normal * 4110,
    normal,
    duplicate: pageCount - normal,
    pageBytes: normal * 4096,
    precopyBytes: (normal - 10) * 4110,
    downtimeBytes: 10 * 4110,
    dirtySyncCount: 2,
  },
  encodedPages: {},
  capabilities: {},
  recoveries: [],
  guestRunningAtEnd: false,
});

export const paperDestination = (): DestinationReport => ({
  status: 'completed',
  error: null,
  timeline: {
    connectedAtMs: startedAtMs + 45,
    deviceStateReceivedAtMs: 12_030,
    deviceStateLoadedAtMs: 12_037,
    firstInstructionAtMs,
    allPagesReceivedAtMs: 12_029,
    endedAtMs: 12_045,
  },
  received: { ...noneCounted(destinationCounters), pages: normal, zeroPages: pageCount - normal },
  duplicateArrivals: 0,
  faults: { count: 0, minUs: 0, p50Us: 0, p99Us: 0, maxUs: 0, histogram: [0, 0], vcpuBlocktimeMs: [0] },
});

/**
 * Pings every ms from 9 000 to 13 000 as an ideal observer has them: the source answers at once until its last
 * instruction, the destination an RTT after a ping that was sent after its first one.
 */
export const paperPings = (
  options: { sourceUntilMs?: number; destinationFromMs?: number; rttMs?: number } = {},
): PingSamples => {
  const {
    sourceUntilMs = lastInstructionAtMs,
    destinationFromMs = firstInstructionAtMs,
    rttMs = paperRttMs,
  } = options;
  const count = 4000;
  const samples: PingSamples = {
    sentAtMs: Float64Array.from({ length: count }, (_, ping) => 9000 + ping),
    receivedAtMs: new Float64Array(count).fill(NaN),
    host: new Uint8Array(count),
  };
  for (const [ping, sentAtMs] of samples.sentAtMs.entries()) {
    if (sentAtMs < sourceUntilMs) {
      samples.host[ping] = pingHost.source;
      samples.receivedAtMs[ping] = sentAtMs + 0.25;
    } else if (sentAtMs >= destinationFromMs) {
      samples.host[ping] = pingHost.destination;
      samples.receivedAtMs[ping] = sentAtMs + rttMs;
    }
  }
  return samples;
};

const ofEach = (of: (role: HostRole) => CpuUsage): Record<HostRole, CpuUsage> =>
  Object.fromEntries(hostRoles.map((role) => [role, of(role)])) as Record<HostRole, CpuUsage>;

const events: AgentEvent[] = [
  { type: 'status', atMs: startedAtMs, status: 'setup' },
  {
    type: 'guest',
    host: 'source',
    running: true,
    atMs: 9900,
    operations: 1000,
    pagesDirtied: 100,
    stalledMs: 0,
  },
  {
    type: 'guest',
    host: 'destination',
    running: false,
    atMs: 9900,
    operations: 0,
    pagesDirtied: 0,
    stalledMs: 0,
  },
  {
    type: 'guest',
    host: 'source',
    running: true,
    atMs: 10_400,
    operations: 3500,
    pagesDirtied: 350,
    stalledMs: 0,
  },
  { type: 'progress', atMs: 10_100, transferredBytes: 1e6, remainingBytes: 6e7, throughputMbps: 160 },
  { type: 'progress', atMs: 11_900, transferredBytes: 40e6, remainingBytes: 1e6, throughputMbps: 170 },
  {
    type: 'round', atMs: 11_990, round: 1, phase: 'precopy', durationMs: 1940, pagesSent: 16_374, bytesSent: 40_990_000,
    pagesDirtied: 10, dirtyPagesPerSecond: 5, throughputMbps: 170,
  }, // prettier-ignore
  {
    type: 'guest',
    host: 'destination',
    running: true,
    atMs: 12_400,
    operations: 1500,
    pagesDirtied: 90,
    stalledMs: 12,
  },
];

/** Only what lies between the counters' two readings, in ten equal steps over the migration. */
const paperLinkSamples = (): LinkSamples => {
  const steps = Array.from({ length: 11 }, (_, step) => step);
  return {
    atMs: Float64Array.from(steps, (step) => startedAtMs + step * 200),
    sourceToDestinationBytes: Float64Array.from(steps, (step) => 5000 + (paperWireBytes * step) / 10),
    destinationToSourceBytes: Float64Array.from(steps, (step) => 7000 + 10_000 * step),
  };
};

const counters = (bytes: number) => ({ bytes, packets: Math.ceil(bytes / 1514), dropped: 0 });

/** Page bytes on the wire plus 1 % for frames and page headers, without the observer's traffic. */
export const paperWireBytes = leastWireBytes(normal * 4096 + deviceStateBytes) * 1.01;

export const paperCollected = (): Collected => ({
  source: paperSource(),
  destination: paperDestination(),
  events,
  pings: paperPings(),
  router: {
    counters: {
      before: { sourceToDestination: counters(5000), destinationToSource: counters(7000) },
      after: { sourceToDestination: counters(5000 + paperWireBytes), destinationToSource: counters(107_000) },
    },
    linkSamples: paperLinkSamples(),
    routeMovedAtMs: firstInstructionAtMs + 1,
  },
  cpu: {
    before: ofEach(() => ({ totalS: 1, guestS: 0.25, rssBytes: 90e6, machineTotalS: 100, machineIdleS: 50 })),
    after: ofEach(() => ({ totalS: 3, guestS: 0.75, rssBytes: 100e6, machineTotalS: 104, machineIdleS: 51 })),
  },
  deviceStateBytes,
  traffic: null,
  hostLoad: null,
  timeline: null,
  load: null,
  touchedPages: 10_000,
  storage: null,
  diskIo: null,
});
