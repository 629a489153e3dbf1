import { z } from 'zod';
import { contentNames } from '#catalogue/contents';
import { diskStorageNames } from '#catalogue/disk-storages';
import type { LinkParameter } from '#catalogue/link-parameters';
import { linkParameters } from '#catalogue/link-parameters';
import type { Limits } from '#catalogue/limits';
import { limits } from '#catalogue/limits';
import type { Parameter, Parameters } from '#catalogue/parameter';
import { negativeControlNames, strategyNames } from '#catalogue/strategies';
import { allWorkloadParameters, workloadNames } from '#catalogue/workloads';
import type { ByRole } from '../testbed/testbed.ts';
import type { WorkloadConfig } from '#proto/guest';
import type { LinkDirection } from '#proto/link';
import { backendNames } from '#proto/link';
import { arrivals } from '#proto/service';
import { trafficDirections, trafficKinds, trafficSides } from '#proto/traffic';
import { describeFigure } from '../measure/figures.ts';
import { driverNames } from '../testbed/testbed.ts';
import { timeoutActions } from '../timeline/types.ts';
import { timelineEntrySchema } from './timeline.ts';

/** Under which circumstances a run was made: enough to repeat it and to know what it can be compared with. */

const parameterSchema = (declared: Parameter): z.ZodType<number | string> => {
  if (declared.kind === 'choice') return z.enum([...declared.among.keys()]).describe(declared.help);
  const { kind, help, unit } = declared;
  return (kind === 'integer' ? z.int() : z.number()).describe(`${help}; in ${unit}`);
};

const shapeOf = (parameters: Parameters): Record<string, z.ZodType<number | string>> =>
  Object.fromEntries(Object.entries(parameters).map(([name, declared]) => [name, parameterSchema(declared)]));

const optional = <T>(shape: Record<string, z.ZodType<T>>): Record<string, z.ZodOptional<z.ZodType<T>>> =>
  Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, schema.optional()]));

const workloadSchema = z.object({
  name: z.enum(workloadNames),
  regionBytes: z.number(),
  dirtyRatePagesPerSecond: z.number().describe('0: flat out, or the workload has a rate of its own'),
  content: z.enum(contentNames),
  diskWriteRateSectorsPerSecond: z.number().optional().describe('Of a guest with a disk'),
  diskReadRateSectorsPerSecond: z.number().optional(),
  diskRegionBytes: z.number().optional(),
  // Those of the workload that it is.
  ...optional(shapeOf(allWorkloadParameters)),
}) as unknown as z.ZodType<WorkloadConfig>;

export const strategySchema = z.union([
  z.enum([...strategyNames, ...negativeControlNames]),
  z
    .templateLiteral([z.string(), z.enum(['.ts', '.js', '.mjs'])])
    .describe(
      "The path of a strategy of the user's own; `environment.strategySha256` says which text it had",
    ),
]);

export const scenarioAsRunSchema = z
  .object({
    name: z.string(),
    link: z.string(),
    driver: z.enum([...driverNames, 'auto']),
    backend: z.enum([...backendNames, 'auto']),
    guest: z.object({
      ramBytes: z.number(),
      vcpus: z.int(),
      baseFootprintBytes: z.number(),
      deviceStateBytes: z.number(),
      prealloc: z.boolean(),
      disk: z
        .object({
          sizeBytes: z.number(),
          allocatedBytes: z.number(),
          blockSizeBytes: z.number(),
          storage: z.enum(diskStorageNames),
          live: z.boolean(),
          incremental: z.boolean(),
        })
        .exactOptional()
        .describe('Absent = the guest has none'),
    }),
    workload: workloadSchema,
    traffic: z
      .array(
        z.object({
          kind: z.enum(trafficKinds),
          rateMbps: z.number(),
          direction: z.enum(trafficDirections),
          packetBytes: z.number(),
          windowBytes: z.union([z.number(), z.literal('auto')]),
          from: z.enum(trafficSides),
        }),
      )
      .exactOptional()
      .describe('What shared the link with the migration; absent = nothing'),
    hosts: z
      .object({ cpus: z.number() })
      .exactOptional()
      .describe('Quota of source and destination each; absent = all of the machine'),
    hostLoad: z
      .object({ share: z.number(), at: z.array(z.enum(trafficSides)), nice: z.int() })
      .exactOptional()
      .describe('What kept the hosts busy; absent = nothing'),
    load: z
      .object({ rate: z.number(), arrivals: z.enum(arrivals), timeoutMs: z.number() })
      .exactOptional()
      .describe('Requests to a service in the guest; absent = it is none'),
    strategy: strategySchema,
    limits: z.object(shapeOf(limits)) as unknown as z.ZodType<Limits>,
    transfer: z.object({ dirtyBitmap: z.boolean() }),
    capabilities: z
      .record(z.string(), z.union([z.literal(true), z.number(), z.string()]))
      .describe('Those that are on'),
    onTimeout: z
      .object({ afterMs: z.number(), action: z.enum(timeoutActions) })
      .exactOptional()
      .describe('What was to be done if it took longer; absent = nothing'),
    timeline: z
      .array(timelineEntrySchema)
      .exactOptional()
      .describe('What was to be done to link, hosts and migration; absent = nothing'),
    congestionControl: z.string(),
    repeat: z.int(),
    seed: z.int(),
    warmupMs: z.number(),
    pingIntervalMs: z.number(),
  })
  .meta({ id: 'Scenario' });

const linkValueSchema = (parameter: LinkParameter): z.ZodType => {
  if (parameter.kind === 'choice') return z.enum([...parameter.among.keys()]);
  if (parameter.kind === 'group') return z.object(linkShape(parameter.parts));
  return parameter.kind === 'integer' ? z.int() : z.number();
};

const linkShape = (parameters: Readonly<Record<string, LinkParameter>>): z.core.$ZodLooseShape =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const schema = linkValueSchema(parameter);
      return [name, parameter.absent === undefined ? schema : schema.exactOptional()];
    }),
  );

const directionSchema = (z.object(linkShape(linkParameters)) as unknown as z.ZodType<LinkDirection>).meta({
  id: 'LinkDirection',
});

const readBackSchema = z
  .object({ sourceToDestination: z.string(), destinationToSource: z.string() })
  .describe("The router's queueing disciplines as the kernel reports them");

/** Probes of which something became that comes by chance. */
const countSchema = z.object({
  measured: z.int(),
  expected: z.number().describe('On average, over such a link'),
  tolerance: z.number().describe('That chance may make it differ by, with so many probes'),
});

/** What the link was found to be before the migration. */
const calibrationSchema = z
  .object({
    ok: z.boolean().describe('Within tolerance of the profile'),
    reasons: z.array(z.string()).describe("What isn't"),
    backend: z.enum(backendNames),
    applied: z.object({ backend: z.enum(backendNames), profile: z.string(), readBack: readBackSchema }),
    targetRttMs: z.number(),
    rttMs: z.number().describe(describeFigure('link.calibration.rttMs')),
    rtt: z.object({
      samples: z.int(),
      lost: z.int(),
      lossBursts: z.int().exactOptional(),
      duplicates: z.int().exactOptional(),
      overtakes: z.int().exactOptional(),
      minMs: z.number(),
      p10Ms: z.number().exactOptional(),
      medianMs: z.number(),
      p90Ms: z.number().exactOptional(),
      maxMs: z.number(),
    }),
    packets: z
      .object({
        sent: z.int(),
        lost: countSchema,
        lossBursts: countSchema,
        duplicates: countSchema,
        overtakes: countSchema,
      })
      .exactOptional()
      .describe('Of a link that loses, duplicates or reorders packets: what became of a train of probes'),
    uncorrectedRttMs: z.number().describe('Median before the correction'),
    delayCorrectionMs: z.number().describe("Taken off each direction's delay: the backend's own overhead"),
    goodputMbps: z.number().describe(describeFigure('link.calibration.goodputMbps')),
    reverseGoodputMbps: z.number(),
    expectedGoodputMbps: z.number(),
    goodputRatio: z.number(),
    throughputAttempts: z.int(),
    packetBytes: z
      .number()
      .exactOptional()
      .describe('Of a link with an MTU of its own: mean size of packets to the destination meanwhile'),
    throughputMeasured: z
      .object({
        runId: z
          .string()
          .describe('By the calibration of this run: its own, or an earlier one in its testbed'),
        at: z.iso.datetime().describe('Wall clock, for people'),
        ageMs: z.number().nonnegative().describe("How long before this run's calibration ended, in ms"),
      })
      .describe('A sweep keeps a testbed for several runs: the round trip is measured before each of them'),
    durationMs: z.number(),
  })
  .meta({ id: 'Calibration' });

export const linkDefinitionSchema = z.object({
  name: z.string(),
  description: z.string(),
  sourceToDestination: directionSchema,
  destinationToSource: directionSchema,
});

export const linkSchema = z
  .object({
    profile: z.string(),
    backend: z
      .enum(backendNames)
      .nullable()
      .describe('What emulates the link; null where the run never got there'),
    definition: linkDefinitionSchema.nullable(),
    readBack: readBackSchema.nullable(),
    calibration: calibrationSchema.nullable(),
  })
  .meta({ id: 'Link' });

const agentSchema = z.object({ nodeVersion: z.string(), kernel: z.string() });

const networkStateSchema = z.object({
  routes: z.array(z.string()),
  congestionControl: z.string(),
  tcpRmem: z.string(),
  tcpWmem: z.string(),
});

/** The machine and the software of a run. */
export const environmentSchema = z
  .object({
    livemigVersion: z.string(),
    livemigCommit: z.string().nullable().exactOptional().describe('Of git; null where that is not known'),
    livemigIsDirty: z
      .boolean()
      .nullable()
      .exactOptional()
      .describe('Whether files of livemig were changed since that commit; null where that is not known'),
    strategySha256: z.string().optional().describe("Of the file, where the strategy is the user's own"),
    nodeVersion: z.string(),
    kernel: z.string(),
    cpuModel: z.string(),
    cpus: z.int(),
    memoryBytes: z.number(),
    testbed: z
      .record(z.string(), z.string())
      .describe('What the driver tells of itself: engine, image, isolation'),
    hosts: z
      .object({
        source: agentSchema,
        destination: agentSchema,
        wan: agentSchema,
        observer: agentSchema,
        storage: agentSchema.optional(),
      } satisfies ByRole<z.ZodType>)
      .nullable()
      .describe('What the agents run on; null where the run never got there'),
    network: z
      .object({
        source: networkStateSchema,
        destination: networkStateSchema,
        observer: networkStateSchema,
        storage: networkStateSchema.optional(),
      })
      .nullable()
      .describe('Read back from the hosts; null where the run never got there'),
    transfer: z
      .object({
        channels: z.int(),
        bulkWindowBytes: z.number(),
        roundEndWindowBytes: z.number(),
        postcopyWindowBytes: z.number(),
        tcpBufferMaxBytes: z.number(),
      })
      .nullable()
      .describe('How the pages were made to travel, as derived from the calibrated link'),
  })
  .meta({ id: 'Environment' });

export type LinkCalibration = z.infer<typeof calibrationSchema>;
export type LinkAsRun = z.infer<typeof linkSchema>;
export type Environment = z.infer<typeof environmentSchema>;
