import { z } from 'zod';
import type { CounterTable } from '#catalogue/counters';
import { destinationCounters, diskCounters, forEachCounter, sourceCounters } from '#catalogue/counters';
import { transferPhases } from '#proto/events';
import { switchoverOrders } from '#proto/strategy';
import { trafficKinds } from '#proto/traffic';
import { describeFigure } from '../measure/figures.ts';
import { bytes, count, ms, sideSchema } from './common.ts';
import { seriesSchema } from './series.ts';
import { serviceSchema } from './service.ts';

const at = (id: string) => describeFigure(`measurement.${id}`);
const number = (id: string) => z.number().describe(at(id));
const numberOrNull = (id: string) => z.number().nullable().describe(at(id));
const counted = (id: string) => z.int().nonnegative().describe(at(id));
/** Bytes, or ms. */
const amount = (id: string) => z.number().nonnegative().describe(at(id));

/** Where the downtime went; the parts sum to `downtimeMs`. Cloud Hypervisor's split, widened to the destination. */
const downtimeSchema = z
  .object({
    pauseMs: number('downtime.pauseMs'),
    drainMs: number('downtime.drainMs').exactOptional(),
    leaseMs: number('downtime.leaseMs').exactOptional(),
    preSwitchoverMs: number('downtime.preSwitchoverMs'),
    finalPagesMs: number('downtime.finalPagesMs'),
    deviceStateMs: number('downtime.deviceStateMs'),
    propagationMs: number('downtime.propagationMs'),
    loadMs: number('downtime.loadMs'),
    resumeMs: number('downtime.resumeMs'),
  })
  .meta({ id: 'Downtime' });

const downtimeLimitSchema = z
  .object({
    limitMs: number('downtimeLimit.limitMs'),
    decides: z.boolean().describe("Whether the strategy goes by it; one of the user's own may"),
    exceededMs: number('downtimeLimit.exceededMs'),
    longestPart: z.string().describe('Which part of `downtime` is the longest'),
  })
  .meta({ id: 'DowntimeLimit' });

const latencySchema = z
  .object({
    count: counted('observed.latency.*.count'),
    lost: counted('observed.latency.*.lost'),
    p50Ms: numberOrNull('observed.latency.*.p50Ms'),
    p99Ms: numberOrNull('observed.latency.*.p99Ms'),
    maxMs: numberOrNull('observed.latency.*.maxMs'),
  })
  .meta({ id: 'Latency' });

const observedSchema = z
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

/** A section of counters, as its table has them. @param section its name in the measurement */
const countersSchema = <Name extends string>(section: string, table: CounterTable<Name>) =>
  z.object(
    forEachCounter(table, (name, { unit }) =>
      unit === 'count' ? counted(`${section}.${name}`) : amount(`${section}.${name}`),
    ),
  );

export const ramSchema = countersSchema('ram', sourceCounters).meta({ id: 'RamCounters' });
export const diskSchema = countersSchema('disk', diskCounters).meta({ id: 'DiskCounters' });
const ioSchema = z
  .object({
    count: counted('disk.io.*.count'),
    p50Ms: numberOrNull('disk.io.*.p50Ms'),
    p99Ms: numberOrNull('disk.io.*.p99Ms'),
    maxMs: numberOrNull('disk.io.*.maxMs'),
  })
  .meta({ id: 'DiskLatency' });
/** What an agent reports of it, and what the guest met at one that stays. */
const measuredDiskSchema = diskSchema
  .extend({
    io: z
      .object({ before: ioSchema, during: ioSchema, after: ioSchema })
      .exactOptional()
      .describe(
        'Of a shared disk: at the source, then under way as the guest was paused, then at the destination',
      ),
  })
  .meta({ id: 'Disk' });
export const receivedSchema = countersSchema('received', destinationCounters).meta({
  id: 'ReceivedCounters',
});
export const encodedPagesSchema = z
  .record(z.string(), z.int().nonnegative())
  .describe(
    'Pages that travelled encoded, by the name of the capability; those that it sent in full are `ram.normal` alone',
  );

const wireSchema = z
  .object({
    sourceToDestinationBytes: amount('wire.sourceToDestinationBytes'),
    destinationToSourceBytes: amount('wire.destinationToSourceBytes'),
    sourceToDestinationPackets: counted('wire.sourceToDestinationPackets'),
    destinationToSourcePackets: counted('wire.destinationToSourcePackets'),
    droppedPackets: counted('wire.droppedPackets'),
    observerToDestinationBytes: amount('wire.observerToDestinationBytes'),
    trafficToDestinationBytes: amount('wire.trafficToDestinationBytes').exactOptional(),
    trafficToSourceBytes: amount('wire.trafficToSourceBytes').exactOptional(),
  })
  .meta({ id: 'Wire' });

const storageSchema = z
  .object({
    epochs: counted('storage.epochs'),
    reads: counted('storage.reads'),
    writes: counted('storage.writes'),
    readBytes: amount('storage.readBytes'),
    writtenBytes: amount('storage.writtenBytes'),
    lateWritesRefused: counted('storage.lateWritesRefused'),
    writersAtOnceMs: amount('storage.writersAtOnceMs'),
  })
  .meta({ id: 'Storage' });

const rttSchema = (when: string) =>
  z.object({
    rttP50Ms: numberOrNull(`traffic.*.${when}.rttP50Ms`),
    rttP99Ms: numberOrNull(`traffic.*.${when}.rttP99Ms`),
  });

const trafficSchema = z
  .object({
    kind: z.enum(trafficKinds),
    offeredMbps: number('traffic.*.offeredMbps'),
    beforeMbps: numberOrNull('traffic.*.beforeMbps'),
    duringMbps: numberOrNull('traffic.*.duringMbps'),
    afterMbps: numberOrNull('traffic.*.afterMbps'),
    lostPercent: z
      .number()
      .nullable()
      .describe('Of what was sent during the migration, in percent; null for tcp, which sends it again'),
    before: rttSchema('before'),
    during: rttSchema('during'),
  })
  .meta({ id: 'Traffic' });

const hostLoadSchema = z
  .object({
    share: number('hostLoad.*.share'),
    achieved: number('hostLoad.*.achieved'),
    throttledMs: number('hostLoad.*.throttledMs'),
    agentCores: number('hostLoad.*.agentCores'),
  })
  .meta({ id: 'HostLoad' });

const faultsSchema = z
  .object({
    count: counted('faults.count'),
    minUs: numberOrNull('faults.minUs'),
    p50Us: numberOrNull('faults.p50Us'),
    p99Us: numberOrNull('faults.p99Us'),
    maxUs: numberOrNull('faults.maxUs'),
    histogram: z.array(z.int().nonnegative()).describe('Faults of [2^n, 2^(n+1)) µs, by n'),
    vcpuBlocktimeMs: z.array(z.number()).describe('Time blocked on missing pages by vCPU, in ms'),
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

const guestProgressSchema = z
  .object({
    atMs: ms('End of the interval, after the start of the migration; negative before it'),
    host: sideSchema,
    operationsPerSecond: z.number(),
    pagesDirtiedPerSecond: z.number(),
    stalledMs: ms('Time blocked on missing pages within the interval, over all vCPUs'),
  })
  .meta({ id: 'GuestProgress' });

const parameterChangeSchema = z
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

const recoverySchema = z
  .object({
    pausedMs: ms('When the source noticed that the connection was lost, after the start of the migration'),
    recoveredMs: z.number().nullable().describe('When both sides had agreed over another one; null: never'),
    pagesLost: count('Pages that had been sent and had not arrived'),
  })
  .meta({ id: 'Recovery' });

const cpuShareSchema = z
  .object({
    agentS: numberOrNull('cpu.*.agentS'),
    guestS: numberOrNull('cpu.*.guestS'),
    machineBusyShare: numberOrNull('cpu.*.machineBusyShare').exactOptional(),
  })
  .describe('null: not measured, as models in virtual time have no CPU time of their own')
  .meta({ id: 'CpuShare' });

const memorySchema = z
  .object({
    rssBytes: amount('memory.*.rssBytes').nullable(),
    touchedBytes: amount('memory.*.touchedBytes'),
    aboveTouchedBytes: numberOrNull('memory.*.aboveTouchedBytes'),
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
    downtimeLimit: downtimeLimitSchema.describe('The downtime against its limit'),
    observed: observedSchema,
    ram: ramSchema,
    disk: measuredDiskSchema.exactOptional().describe('Of a guest with a disk'),
    encodedPages: encodedPagesSchema,
    received: receivedSchema,
    deviceStateBytes: amount('deviceStateBytes'),
    capabilities: z
      .record(z.string(), z.record(z.string(), z.number()))
      .describe("What each capability has to say, under QEMU's names"),
    pageGoodputMbps: number('pageGoodputMbps'),
    wire: wireSchema,
    traffic: z.array(trafficSchema).exactOptional().describe('How each flow of `scenario.traffic` fared'),
    storage: storageSchema.exactOptional().describe('Of a guest whose disk is on the storage host'),
    hostLoad: z
      .object({ source: hostLoadSchema, destination: hostLoadSchema })
      .exactOptional()
      .describe('Of hosts with a quota of CPU time'),
    service: serviceSchema.exactOptional().describe('What the observer saw of a service in the guest'),
    faults: faultsSchema,
    rounds: z.array(roundSchema),
    parameterChanges: z
      .array(parameterChangeSchema)
      .describe('Limits that were changed while it ran (`livemig set`)'),
    switchoverOrder: z
      .object({ atMs: z.number(), order: z.enum(switchoverOrders) })
      .exactOptional()
      .describe(
        'When the switchover was ordered (`livemig start-postcopy`, `livemig force-switchover`, `onTimeout`), from the start; absent = it was not',
      ),
    recoveries: z.array(recoverySchema).describe('Each loss of the connection after the point of no return'),
    linkCuts: z.array(linkCutSchema).describe('When nothing passed between the two hosts (`livemig cut`)'),
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
export type TrafficMeasurement = z.infer<typeof trafficSchema>;
export type StorageMeasurement = z.infer<typeof storageSchema>;
export type HostLoadMeasurement = NonNullable<Measurement['hostLoad']>;
export type Faults = z.infer<typeof faultsSchema>;
export type RoundMeasurement = z.infer<typeof roundSchema>;
export type LinkCut = z.infer<typeof linkCutSchema>;
export type ParameterChange = z.infer<typeof parameterChangeSchema>;
export type GuestProgress = z.infer<typeof guestProgressSchema>;
export type AgentMemory = z.infer<typeof memorySchema>;
