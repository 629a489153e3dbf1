import { z } from 'zod';
import { transferPhases } from '../../proto/events.ts';
import { describeFigure } from '../measure/figures.ts';
import { bytes, count, ms, sideSchema } from './common.ts';
import { seriesSchema } from './series.ts';

const at = (id: string) => describeFigure(`measurement.${id}`);
const number = (id: string) => z.number().describe(at(id));
const numberOrNull = (id: string) => z.number().nullable().describe(at(id));
const counted = (id: string) => z.int().nonnegative().describe(at(id));
const inBytes = (id: string) => z.number().nonnegative().describe(at(id));

/** Where the downtime went; the parts sum to `downtimeMs`. Cloud Hypervisor's split, widened to the destination. */
export const downtimeSchema = z
  .object({
    pauseMs: number('downtime.pauseMs'),
    preSwitchoverMs: number('downtime.preSwitchoverMs').optional(),
    finalPagesMs: number('downtime.finalPagesMs'),
    deviceStateMs: number('downtime.deviceStateMs'),
    propagationMs: number('downtime.propagationMs'),
    loadMs: number('downtime.loadMs'),
    resumeMs: number('downtime.resumeMs'),
  })
  .meta({ id: 'Downtime' });

export const downtimeLimitSchema = z
  .object({
    limitMs: number('downtimeLimit.limitMs'),
    decides: z.boolean().describe("Whether the strategy goes by it; one of the user's own may"),
    exceededMs: number('downtimeLimit.exceededMs'),
    longestPart: z.string().describe('Which part of `downtime` is the longest'),
  })
  .meta({ id: 'DowntimeLimit' });

export const latencySchema = z
  .object({
    count: counted('observed.latency.*.count'),
    lost: counted('observed.latency.*.lost'),
    p50Ms: numberOrNull('observed.latency.*.p50Ms'),
    p99Ms: numberOrNull('observed.latency.*.p99Ms'),
    maxMs: numberOrNull('observed.latency.*.maxMs'),
  })
  .meta({ id: 'Latency' });

export const observedSchema = z
  .object({
    gapMs: number('observed.gapMs'),
    lostPings: counted('observed.lostPings'),
    handoverGapMs: numberOrNull('observed.handoverGapMs'),
    firstAnswerMs: numberOrNull('observed.firstAnswerMs'),
    routeMovedMs: numberOrNull('observed.routeMovedMs'),
    resolutionMs: number('observed.resolutionMs'),
    latency: z.object({ before: latencySchema, during: latencySchema, after: latencySchema }),
  })
  .meta({ id: 'Observed' });

export const ramSchema = z
  .object({
    total: inBytes('ram.total'),
    transferred: inBytes('ram.transferred'),
    normal: counted('ram.normal'),
    duplicate: counted('ram.duplicate'),
    encoded: z
      .record(z.string(), z.int().nonnegative())
      .optional()
      .describe(
        'Pages that travelled encoded, by the name of the capability; those that it sent in full are `normal` alone. Absent before migration protocol 3',
      ),
    pageBytes: inBytes('ram.pageBytes').optional(),
    precopyBytes: inBytes('ram.precopyBytes'),
    downtimeBytes: inBytes('ram.downtimeBytes'),
    postcopyBytes: inBytes('ram.postcopyBytes'),
    dirtySyncCount: counted('ram.dirtySyncCount'),
    postcopyRequests: counted('ram.postcopyRequests'),
  })
  .meta({ id: 'RamCounters' });

export const wireSchema = z
  .object({
    sourceToDestinationBytes: inBytes('wire.sourceToDestinationBytes'),
    destinationToSourceBytes: inBytes('wire.destinationToSourceBytes'),
    sourceToDestinationPackets: counted('wire.sourceToDestinationPackets'),
    destinationToSourcePackets: counted('wire.destinationToSourcePackets'),
    droppedPackets: counted('wire.droppedPackets'),
    observerToDestinationBytes: inBytes('wire.observerToDestinationBytes'),
  })
  .meta({ id: 'Wire' });

export const faultsSchema = z
  .object({
    count: counted('faults.count'),
    minUs: numberOrNull('faults.minUs'),
    p50Us: numberOrNull('faults.p50Us'),
    p99Us: numberOrNull('faults.p99Us'),
    maxUs: numberOrNull('faults.maxUs'),
    histogram: z.array(z.int().nonnegative()).describe('Faults of [2^n, 2^(n+1)) µs, by n'),
    vcpuBlocktimeMs: z.array(z.number()).describe('Time blocked on missing pages by vCPU, in ms'),
    lateRequestsDropped: counted('faults.lateRequestsDropped'),
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
  .object({ agentS: number('cpu.*.agentS'), guestS: number('cpu.*.guestS') })
  .meta({ id: 'CpuShare' });

const memorySchema = z
  .object({
    rssBytes: inBytes('memory.*.rssBytes'),
    touchedBytes: inBytes('memory.*.touchedBytes'),
    aboveTouchedBytes: number('memory.*.aboveTouchedBytes'),
  })
  .meta({ id: 'AgentMemory' });

/** What a migration cost. Times on CLOCK_MONOTONIC of the machine that carries all hosts. */
export const measurementSchema = z
  .object({
    totalTimeMs: number('totalTimeMs'),
    setupTimeMs: number('setupTimeMs'),
    downtimeMs: number('downtimeMs'),
    downtimeStartMs: number('downtimeStartMs'),
    downtime: downtimeSchema,
    downtimeLimit: downtimeLimitSchema
      .optional()
      .describe('The downtime against its limit; absent before the two were held against each other'),
    observed: observedSchema,
    ram: ramSchema,
    deviceStateBytes: inBytes('deviceStateBytes'),
    paddingBytes: inBytes('paddingBytes'),
    capabilities: z
      .record(z.string(), z.record(z.string(), z.number()))
      .optional()
      .describe("What each capability has to say, under QEMU's names; absent before migration protocol 3"),
    pageGoodputMbps: number('pageGoodputMbps'),
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
export type DowntimeLimit = z.infer<typeof downtimeLimitSchema>;
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
