import { z } from 'zod';
import { hostRoles } from '../../proto/control.ts';
import { readPatterns, workloadContents, workloadNames } from '../../proto/guest.ts';
import { backendNames } from '../../proto/link.ts';
import { convergenceRules, faultModes, negativeControlNames, strategyNames } from '../../proto/strategy.ts';
import { describeFigure } from '../measure/figures.ts';
import { driverNames } from '../testbed/testbed.ts';

/** Under which circumstances a run was made: enough to repeat it and to know what it can be compared with. */

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
    }),
    workload: z.object({
      name: z.enum(workloadNames),
      regionBytes: z.number(),
      dirtyRatePagesPerSecond: z.number(),
      hotWriteFraction: z.number(),
      hotRegionFraction: z.number(),
      content: z.enum(workloadContents),
      pattern: z.enum(readPatterns).optional().describe('Of the workload read; absent before there was one'),
    }),
    strategy: strategySchema,
    limits: z.object({
      downtimeLimitMs: z.number(),
      convergence: z.enum(convergenceRules),
      stallWindowMs: z.number().optional(),
      maxRounds: z.int(),
      maxPrecopyMs: z.number(),
      hybridRounds: z.int(),
      postcopyPushDelayMs: z.number(),
      maxBandwidthMbps: z.number(),
      maxPostcopyBandwidthMbps: z.number(),
      availSwitchoverBandwidthMbps: z.number().optional(),
    }),
    transfer: z.object({
      channels: z.int(),
      faults: z.enum(faultModes),
      dirtyBitmap: z.boolean(),
      uniformPages: z.boolean(),
    }),
    capabilities: z
      .record(z.string(), z.union([z.literal(true), z.number(), z.string()]))
      .optional()
      .describe('Those that are on; absent before migration protocol 3'),
    congestionControl: z.string(),
    repeat: z.int(),
    seed: z.int(),
    warmupMs: z.number(),
    pingIntervalMs: z.number(),
  })
  .meta({ id: 'Scenario' });

const directionSchema = z
  .object({
    rateMbps: z.number(),
    delayMs: z.number(),
    jitterMs: z.number(),
    lossPercent: z.number(),
    bufferMs: z.number(),
  })
  .meta({ id: 'LinkDirection' });

const readBackSchema = z
  .object({ sourceToDestination: z.string(), destinationToSource: z.string() })
  .describe("The router's queueing disciplines as the kernel reports them");

/** What the link was found to be before the migration. */
export const calibrationSchema = z
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
      minMs: z.number(),
      medianMs: z.number(),
      maxMs: z.number(),
    }),
    uncorrectedRttMs: z.number().describe('Median before the correction'),
    delayCorrectionMs: z.number().describe("Taken off each direction's delay: the backend's own overhead"),
    goodputMbps: z.number().describe(describeFigure('link.calibration.goodputMbps')),
    reverseGoodputMbps: z.number(),
    expectedGoodputMbps: z.number(),
    goodputRatio: z.number(),
    throughputAttempts: z.int(),
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

export const linkSchema = z
  .object({
    profile: z.string(),
    backend: z
      .enum(backendNames)
      .nullable()
      .describe('What emulates the link; null where the run never got there'),
    definition: z
      .object({
        name: z.string(),
        description: z.string(),
        sourceToDestination: directionSchema,
        destinationToSource: directionSchema,
      })
      .nullable(),
    readBack: readBackSchema.nullable(),
    calibration: calibrationSchema.nullable(),
  })
  .meta({ id: 'Link' });

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
      .record(z.enum(hostRoles), z.object({ nodeVersion: z.string(), kernel: z.string() }))
      .nullable()
      .describe('What the agents run on; null where the run never got there'),
    network: z
      .object({ source: networkStateSchema, destination: networkStateSchema, observer: networkStateSchema })
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

export type ScenarioAsRun = z.infer<typeof scenarioAsRunSchema>;
export type LinkCalibration = z.infer<typeof calibrationSchema>;
export type LinkAsRun = z.infer<typeof linkSchema>;
export type Environment = z.infer<typeof environmentSchema>;
