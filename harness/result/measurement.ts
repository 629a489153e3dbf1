import { z } from 'zod';
import { transferPhases } from '../../proto/events.ts';
import { bytes, count, ms, sideSchema } from './common.ts';
import { seriesSchema } from './series.ts';

/** Where the downtime went; the parts sum to `downtimeMs`. Cloud Hypervisor's split, widened to the destination. */
export const downtimeSchema = z
  .object({
    pauseMs: ms("Before the downtime: from the strategy's request to the guest's last instruction"),
    preSwitchoverMs: ms('Last instruction until `livemig continue` (pause-before-switchover), else 0')
      .optional()
      .describe(
        'Last instruction until `livemig continue` (pause-before-switchover), else 0, in ms; absent before it had a part of its own',
      ),
    finalPagesMs: ms(
      'Until the last page that resuming needs was sent; in post-copy: bitmap sync and discards',
    ),
    deviceStateMs: ms('Until the device state was sent'),
    propagationMs: ms('Until all of it had arrived at the destination'),
    loadMs: ms('Until the device state was loaded'),
    resumeMs: ms("Until the guest's first instruction at the destination"),
  })
  .meta({ id: 'Downtime' });

export const latencySchema = z
  .object({
    count: count('Pings sent'),
    lost: count('Of these, never answered'),
    p50Ms: z.number().nullable().describe('Median round trip in ms; null where no ping was answered'),
    p99Ms: z.number().nullable(),
    maxMs: z.number().nullable(),
  })
  .meta({ id: 'Latency' });

export const observedSchema = z
  .object({
    gapMs: ms('Longest time without an answer from the guest that touches the migration'),
    lostPings: count('Pings sent during the migration and never answered'),
    handoverGapMs: z
      .number()
      .nullable()
      .describe("From the source's last answer to the destination's first, in ms; null where one never came"),
    firstAnswerMs: z
      .number()
      .nullable()
      .describe("Round trip of the ping that brought the destination's first answer, in ms"),
    routeMovedMs: z
      .number()
      .nullable()
      .describe(
        "When the router moved the guest's route, in ms after its first instruction there; as a rule shortly before",
      ),
    resolutionMs: ms("Longest time between two pings around the handover: the observer's own blindness"),
    latency: z.object({ before: latencySchema, during: latencySchema, after: latencySchema }),
  })
  .meta({ id: 'Observed' });

export const ramSchema = z
  .object({
    total: bytes("The guest's RAM"),
    transferred: bytes('Page messages: payload and message headers'),
    normal: count('Pages sent in full'),
    duplicate: count('Zero pages, sent as a header only'),
    encoded: z
      .record(z.string(), z.int().nonnegative())
      .optional()
      .describe(
        'Pages that travelled encoded, by the name of the capability; those that it sent in full are `normal` alone. Absent before migration protocol 3',
      ),
    pageBytes: bytes('What the pages were sent as: whole, or encoded with their numbers')
      .optional()
      .describe('What the pages were sent as: whole, or encoded with their numbers. Absent likewise'),
    precopyBytes: bytes('Sent while the guest ran at the source'),
    downtimeBytes: bytes('Sent while the guest ran nowhere'),
    postcopyBytes: bytes('Sent while the guest ran at the destination'),
    dirtySyncCount: count('Bitmap syncs'),
    postcopyRequests: count('Demand faults that reached the source'),
  })
  .meta({ id: 'RamCounters' });

export const wireSchema = z
  .object({
    sourceToDestinationBytes: bytes("The router's count, with every segment's TCP/IP and Ethernet header"),
    destinationToSourceBytes: bytes('The same, the other way'),
    sourceToDestinationPackets: count('Segments'),
    destinationToSourcePackets: count('Segments'),
    droppedPackets: count('Dropped by the router, both ways: queue overflow and emulated loss'),
    observerToDestinationBytes: bytes("Of the bytes to the destination: the observer's own pings"),
  })
  .meta({ id: 'Wire' });

export const faultsSchema = z
  .object({
    count: count('Demand faults'),
    minUs: z.number().nullable().describe('In µs; null where there was no fault'),
    p50Us: z
      .number()
      .nullable()
      .describe('Percentiles, maximum and histogram: of the newest 65,536 faults of each vCPU'),
    p99Us: z.number().nullable(),
    maxUs: z.number().nullable(),
    histogram: z.array(z.int().nonnegative()).describe('Faults of [2^n, 2^(n+1)) µs, by n'),
    vcpuBlocktimeMs: z.array(z.number()).describe('Time blocked on missing pages by vCPU, in ms'),
    lateRequestsDropped: count('Requests for pages that were under way already'),
  })
  .meta({ id: 'Faults' });

export const roundSchema = z
  .object({
    round: z.int(),
    phase: z.enum(transferPhases),
    startMs: ms('After the start of the migration'),
    durationMs: ms('Length of the round'),
    pagesSent: count('Pages'),
    bytesSent: bytes('Page messages'),
    pagesDirtied: count('Pages that the guest dirtied meanwhile'),
    dirtyPagesPerSecond: z.number(),
    throughputMbps: z.number(),
  })
  .meta({ id: 'Round' });

export const guestProgressSchema = z
  .object({
    atMs: ms('End of the interval, after the start of the migration; negative before it'),
    host: sideSchema,
    operationsPerSecond: z.number(),
    pagesDirtiedPerSecond: z.number(),
    stalledMs: ms('Time blocked on missing pages within the interval, over all vCPUs'),
  })
  .meta({ id: 'GuestProgress' });

export const parameterChangeSchema = z
  .object({
    atMs: ms('After the start of the migration'),
    changed: z
      .record(z.string(), z.number())
      .describe('The new values, under the names of `scenario.limits`'),
  })
  .meta({ id: 'ParameterChange' });

export const linkCutSchema = z
  .object({
    startMs: ms('When nothing passed any more, after the start of the migration; negative before it'),
    durationMs: z
      .number()
      .nullable()
      .describe('Until the link was whole again, in ms; null: it still was cut at the end'),
    plannedMs: ms('For how long it was to be cut'),
  })
  .meta({ id: 'LinkCut' });

export const recoverySchema = z
  .object({
    pausedMs: ms('When the source noticed that the connection was lost, after the start of the migration'),
    recoveredMs: z.number().nullable().describe('When both sides had agreed over another one; null: never'),
    pagesLost: count('Pages that had been sent and had not arrived'),
  })
  .meta({ id: 'Recovery' });

const cpuShareSchema = z
  .object({
    agentS: z.number().describe('CPU seconds of the agent without its vCPU threads'),
    guestS: z.number().describe('CPU seconds of its vCPU threads'),
  })
  .meta({ id: 'CpuShare' });

const memorySchema = z
  .object({
    rssBytes: bytes('Resident set of the agent after the migration'),
    touchedBytes: bytes("The guest's pages that were ever written"),
    aboveTouchedBytes: z.number().describe('What the agent itself takes, in bytes'),
  })
  .meta({ id: 'AgentMemory' });

/** What a migration cost. Times on CLOCK_MONOTONIC of the machine that carries all hosts. */
export const measurementSchema = z
  .object({
    totalTimeMs: ms("From the source's start until the guest runs at the destination with all its pages"),
    setupTimeMs: ms('From the start until both sides had agreed'),
    downtimeMs: ms("From the guest's last instruction at the source to its first at the destination"),
    downtimeStartMs: ms("The guest's last instruction at the source, after the start of the migration"),
    downtime: downtimeSchema,
    observed: observedSchema,
    ram: ramSchema,
    deviceStateBytes: bytes('Device state that was sent'),
    paddingBytes: bytes("Sent before the downtime, only to open the link's congestion window"),
    capabilities: z
      .record(z.string(), z.record(z.string(), z.number()))
      .optional()
      .describe("What each capability has to say, under QEMU's names; absent before migration protocol 3"),
    pageGoodputMbps: z.number().describe('Page messages over the time from agreement to the end'),
    wire: wireSchema,
    faults: faultsSchema,
    rounds: z.array(roundSchema),
    parameterChanges: z
      .array(parameterChangeSchema)
      .optional()
      .describe('Limits that were changed while it ran (`livemig set`); absent before that could be done'),
    recoveries: z
      .array(recoverySchema)
      .optional()
      .describe(
        'Each loss of the connection after the point of no return; absent before migration protocol 4',
      ),
    linkCuts: z
      .array(linkCutSchema)
      .optional()
      .describe('When nothing passed between the two hosts (`livemig cut`); absent before it was noted'),
    guestProgress: z.array(guestProgressSchema),
    series: seriesSchema,
    cpu: z.object({
      source: cpuShareSchema,
      destination: cpuShareSchema,
      wan: cpuShareSchema,
      observer: cpuShareSchema,
    }),
    memory: z.object({ source: memorySchema, destination: memorySchema }),
  })
  .meta({ id: 'Measurement' });

export type Measurement = z.infer<typeof measurementSchema>;
export type Downtime = z.infer<typeof downtimeSchema>;
export type Observed = z.infer<typeof observedSchema>;
export type Latency = z.infer<typeof latencySchema>;
export type Wire = z.infer<typeof wireSchema>;
export type Faults = z.infer<typeof faultsSchema>;
export type RoundMeasurement = z.infer<typeof roundSchema>;
export type RecoveryMeasurement = z.infer<typeof recoverySchema>;
export type LinkCut = z.infer<typeof linkCutSchema>;
export type ParameterChange = z.infer<typeof parameterChangeSchema>;
export type GuestProgress = z.infer<typeof guestProgressSchema>;
export type AgentMemory = z.infer<typeof memorySchema>;
