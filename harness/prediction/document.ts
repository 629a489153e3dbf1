import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Limits } from '#catalogue/limits';
import { LivemigError, messageOf } from '#proto/errors';
import { readBounded } from '../bounded-file.ts';
import { timestamp } from '../timestamp.ts';
import type { StoredHistory } from './history-file.ts';
import { historyHeaderSchema } from './history.ts';
import { modelNames } from './models.ts';
import type { PredictedStart, PredictionPlan, Spread } from './predict.ts';
import { spreadOf } from './predict.ts';

const amount = z.number().min(0).max(1e15);
const spread = z.strictObject({ median: amount, p90: amount });
const textMax = 4096;
const startsMax = 10_000;

const contentSchema = z.strictObject({
  version: z.literal(1),
  createdAt: z.iso.datetime(),
  model: z.enum(modelNames),
  strategy: z.string().max(textMax),
  limits: z.record(z.string(), z.union([z.string().max(textMax), z.number()])),
  link: z.string().max(textMax),
  history: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), header: historyHeaderSchema }),
  figures: z.strictObject({
    bytesPerMs: amount,
    rttMs: amount,
    preMs: amount,
    postMs: amount,
    pageSizeBytes: amount,
  }),
  calibrationRunIds: z.array(z.string().max(textMax)).max(startsMax),
  startsGiven: z.boolean(),
  starts: z
    .array(
      z.strictObject({
        startAtMs: amount,
        totalTimeMs: amount,
        downtimeMs: amount,
        rounds: amount,
        sentPages: amount,
      }),
    )
    .min(1)
    .max(startsMax),
  totalTimeMs: spread,
  downtimeMs: spread,
});

const documentSchema = contentSchema.extend({ sha256: z.string() });

/** A prediction as it is kept, with the digest of all the rest. */
export type PredictionDocument = z.infer<typeof documentSchema>;

/** Keys in order, so that the same content has the same digest however it was written. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
};

const digestOf = (content: object): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(content)))
    .digest('hex');

/** Fixes a prediction: what is compared with it later has to be younger. @param createdAt ISO 8601; for tests */
export const predictionDocument = (
  history: StoredHistory,
  {
    plan,
    link,
    calibrationRunIds,
  }: { plan: PredictionPlan; link: string; calibrationRunIds: readonly string[] },
  starts: readonly PredictedStart[],
  createdAt: string = timestamp(),
): PredictionDocument => {
  const content = {
    version: 1 as const,
    createdAt,
    model: plan.model,
    strategy: plan.strategy,
    limits: valuesOf(plan.limits),
    link,
    history: { sha256: history.sha256, header: history.header },
    figures: plan.figures,
    calibrationRunIds: [...calibrationRunIds],
    startsGiven: plan.startsAtMs !== null,
    starts: [...starts],
    totalTimeMs: spreadOf(starts.map(({ totalTimeMs }) => totalTimeMs)) satisfies Spread,
    downtimeMs: spreadOf(starts.map(({ downtimeMs }) => downtimeMs)) satisfies Spread,
  };
  return { ...content, sha256: digestOf(content) };
};

const valuesOf = (limits: Limits): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

const documentMaxBytes = 8 << 20;

const parseJson = (text: string, problems: string[]): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    problems.push(`not JSON (${messageOf(error)})`);
    return undefined;
  }
};

/**
 * A prediction from its text. One that was changed after it was made is refused.
 * @throws LivemigError BAD_INPUT with all problems
 */
export const parsePrediction = (text: string, file: string): PredictionDocument => {
  const problems: string[] = [];
  const document = parseJson(text, problems);
  const parsed = documentSchema.safeParse(document);
  if (parsed.success) {
    const { sha256, ...content } = parsed.data;
    if (sha256 === digestOf(content)) return parsed.data;
    problems.push('its digest is that of other content: it was changed after it was made');
  } else if (problems.length === 0)
    problems.push(...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  const named = problems.map((problem) => `prediction ${file}: ${problem}`);
  throw new LivemigError('BAD_INPUT', named.join('; '), { problems: named });
};

/** @throws LivemigError BAD_INPUT with all problems */
export const readPrediction = (file: string): PredictionDocument =>
  parsePrediction(readBounded(file, 'prediction', documentMaxBytes), file);
