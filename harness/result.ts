/** What a run leaves behind: one JSON document, the same on disk, on standard output and in tests. */
import { z } from 'zod';
import { describeFigure } from './measure/figures.ts';
import { driverNames } from './testbed/testbed.ts';
import { errorDocumentSchema } from './result/common.ts';
import { endedInSchema, guestEndSchema } from './result/guest-end.ts';
import { evidenceSchema } from './result/evidence.ts';
import { crossCheckSchema, integritySchema } from './result/integrity.ts';
import { measurementSchema } from './result/measurement.ts';
import { playedSchema } from './result/timeline.ts';
import { sweepOfRunSchema } from './result/sweep.ts';
import { environmentSchema, linkSchema, scenarioAsRunSchema, strategySchema } from './result/setting.ts';

/** Grows when a reader of older documents would misunderstand newer ones. */
export const resultSchemaVersion = 1;

const common = {
  schemaVersion: z.literal(resultSchemaVersion),
  runId: z.string(),
  startedAt: z.iso.datetime().describe('Wall clock, for people'),
  durationMs: z.number().describe(describeFigure('durationMs')),
  driver: z.enum(driverNames).nullable().describe('null where the run never got a testbed'),
  link: linkSchema,
  strategy: strategySchema,
  scenario: scenarioAsRunSchema.describe(
    'The experiment with every default spelt out, so that it can be repeated',
  ),
  environment: environmentSchema,
  crossChecks: z.array(crossCheckSchema),
  timeline: z
    .array(playedSchema)
    .exactOptional()
    .describe('What came of each entry of `scenario.timeline`; absent = it has none'),
  sweep: sweepOfRunSchema.nullable().describe('null for a run of its own'),
  guest: guestEndSchema.describe('Where the guest is'),
  endedIn: endedInSchema.describe('How far the run came'),
};

const completedSchema = z
  .object({
    ...common,
    state: z.literal('completed'),
    measurement: measurementSchema,
    integrity: integritySchema,
    error: z.null(),
  })
  .meta({ id: 'CompletedRun' });

const notMeasured = {
  ...common,
  measurement: z.null(),
  integrity: integritySchema.nullable(),
  error: errorDocumentSchema,
  evidence: evidenceSchema,
};

/** The migration, the testbed or livemig failed, or the guest was damaged. */
const failedSchema = z.object({ ...notMeasured, state: z.literal('failed') }).meta({ id: 'FailedRun' });
/** It ran, but the link or a cross-check says that its numbers can't be trusted. */
const invalidSchema = z.object({ ...notMeasured, state: z.literal('invalid') }).meta({ id: 'InvalidRun' });
const abortedSchema = z.object({ ...notMeasured, state: z.literal('aborted') }).meta({ id: 'AbortedRun' });
/** This machine can't do it. */
const unsupportedSchema = z
  .object({ ...notMeasured, state: z.literal('unsupported') })
  .meta({ id: 'UnsupportedRun' });

/** A failure is never a number: only `completed` has a measurement. */
export const runResultSchema = z.discriminatedUnion('state', [
  completedSchema,
  failedSchema,
  invalidSchema,
  abortedSchema,
  unsupportedSchema,
]);

export type RunResult = z.infer<typeof runResultSchema>;
export type CompletedRun = z.infer<typeof completedSchema>;
export type RunState = RunResult['state'];

/** The schema as JSON Schema 2020-12; schemas/result.schema.json holds its text. */
export const resultJsonSchema = (): Record<string, unknown> => ({
  title: 'livemig run result',
  ...z.toJSONSchema(runResultSchema, { target: 'draft-2020-12' }),
});

export type { ServiceMeasurement, ServiceSpan } from './result/service.ts';
export type { EndedIn, GuestEnd } from './result/guest-end.ts';
export type { CheckCondition, CrossCheck, Integrity } from './result/integrity.ts';
export type {
  AgentMemory,
  Downtime,
  DowntimeLimit,
  Faults,
  GuestProgress,
  HostLoadMeasurement,
  StorageMeasurement,
  Latency,
  LinkCut,
  Measurement,
  Observed,
  ParameterChange,
  RoundMeasurement,
  TrafficMeasurement,
  Wire,
} from './result/measurement.ts';
export type { LinkPoint, PingPoint, ProgressPoint } from './result/series.ts';
export type { Environment, LinkAsRun } from './result/setting.ts';
export type { SweepOfRun } from './result/sweep.ts';
export type { Evidence } from './result/evidence.ts';
export type { PlayedEntry } from './result/timeline.ts';
