import { z } from 'zod';
import { seedMax } from '#proto/guest';
import { expecting, group } from '../expecting.ts';
import { modelNames } from '../prediction/models.ts';
import { shown } from '../shown.ts';

/**
 * A sweep file as people write it:
 *
 *   base    a scenario that all runs start from
 *   parts   sets of cells; each lays `scenario` over the base and has
 *     grid    one axis per key. A list has values of the scenario's key of that name (`link: [lan-1g, lan-10g]`,
 *             `limits.downtimeLimitMs: [100, 300]`), a mapping has labels, each with what it lays over the scenario.
 *             Axes that aren't independent are one key: `link, rate: { 'dublin, measured': …, 'dublin, 10G': … }`
 *     bisect  besides, one axis along which pre-copy's limit is searched by bisection
 *     predict its runs are predicted before they begin, from a recorded history and calibration runs of other seeds
 */

export type Label = string | number;
/** Each axis's value, in the published experiment's terms. */
export type Labels = Readonly<Record<string, Label>>;

const word = (what: string) =>
  z.string(expecting(what)).regex(/^[\w.-]{1,64}$/, { error: `expected ${what} (letters, digits, . _ -)` });

const whole = (least: number, most: number) => {
  const told = expecting(`a whole number from ${least} to ${most}`);
  return z.int(told).min(least, told).max(most, told);
};

const section = z.record(z.string(), z.unknown(), expecting('a part of a scenario'));

/** A number, or a fraction as `1/16`. */
const scale = z.unknown().transform((value, context) => {
  // Other values may have no string form, or one that throws.
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const fraction = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text);
  const number = fraction === null ? Number(text) : Number(fraction[1]) / Number(fraction[2]);
  if (number > 0 && number <= 1) return number;
  context.addIssue({
    code: 'custom',
    message: `expected a number above 0 and up to 1, like 1/16, got ${shown(value)}`,
  });
  return z.NEVER;
});

/** `link, rate` → link and rate. */
export const words = (text: string): string[] => text.split(',').map((each) => each.trim());

const label = z.union([z.string(), z.number()]);
const axis = z.union(
  [z.array(label).min(1), z.record(z.string(), section.nullable())],
  expecting('a list of values, or labels with scenario overrides'),
);

const aboveZero = expecting('a number above 0');
const positive = z.number(aboveZero).positive(aboveZero);

const description = z.string(expecting('a text'));

const bisect = group({
  axis: word('the name of the axis'),
  sets: z.string(expecting('the key of the scenario that the values set, like workload.region')),
  unit: z.enum(['MiB', 'GiB'], expecting('MiB or GiB')).optional(),
  low: positive,
  high: positive,
  scale: z.enum(['geometric', 'linear'], expecting('geometric or linear')),
  /** The search ends when two neighbours differ by this ratio (geometric) or difference (linear). */
  resolution: positive,
}).superRefine(({ low, high, scale: by, resolution }, context) => {
  if (low >= high)
    context.addIssue({
      code: 'custom',
      path: ['high'],
      message: `expected more than low (${low}), got ${high}`,
    });
  if (by === 'geometric' && resolution <= 1)
    context.addIssue({
      code: 'custom',
      path: ['resolution'],
      message: `expected a ratio above 1, got ${resolution}`,
    });
});

const repeats = whole(1, 1000);

const predict = group({
  models: z
    .array(z.enum(modelNames, expecting(`models: ${modelNames.join(', ')}`)))
    .min(1, expecting('at least one model'))
    .describe('Models that predict the runs'),
  recordSeconds: whole(1, 3600).describe('For how long each guest is recorded, in s'),
  intervalMs: whole(10, 60_000).default(100).describe('Length of an interval of the recording, in ms'),
  calibrationRuns: whole(1, 100).describe(
    'Runs of each guest and strategy before, for what a migration costs besides pages',
  ),
});

export const partSchema = group({
  description: description.optional(),
  repeats: repeats.optional().describe("Runs of each cell; default: the sweep's"),
  scenario: section.default({}).describe('Overrides of the base'),
  grid: z
    .record(z.string(), axis, expecting('axes by name'))
    .default({})
    .describe('Axes: values of a key, or labels with scenario overrides'),
  bisect: bisect.optional().describe("An axis along which bisection searches pre-copy's limit"),
  predict: predict.optional().describe('What is predicted of its runs before they begin'),
}).superRefine((part, context) => {
  if (Object.keys(part.grid).length === 0 && part.bisect === undefined)
    context.addIssue({ code: 'custom', message: 'expected a grid, a bisect, or both' });
  if (part.predict !== undefined && part.bisect !== undefined)
    context.addIssue({
      code: 'custom',
      path: ['predict'],
      message: 'expected a part without a bisect, as its runs are not known beforehand',
    });
  for (const [name, values] of Object.entries(part.grid)) {
    const axes = words(name);
    const labels = Array.isArray(values) ? values.map(String) : Object.keys(values);
    for (const text of labels)
      if (axes.length > 1 && words(text).length !== axes.length)
        context.addIssue({
          code: 'custom',
          path: ['grid', name, ...(Array.isArray(values) ? [] : [text])],
          message: `expected ${axes.length} labels, of ${axes.join(' and ')}, got ${shown(text)}`,
        });
  }
  if (part.bisect !== undefined && Object.keys(part.grid).flatMap(words).includes(part.bisect.axis))
    context.addIssue({
      code: 'custom',
      path: ['bisect', 'axis'],
      message: `${part.bisect.axis} is already an axis of the grid`,
    });
});

export const sweepSchema = group({
  name: word('a name for the sweep'),
  description: description.default(''),
  experiment: word('the name of a published experiment').nullable().default(null),
  guestScale: scale
    .default(1)
    .describe(
      "Scale of its guests relative to the published experiment's, which needs it: a number up to 1, or a fraction like 1/16",
    ),
  repeats: repeats.describe('Runs of each cell'),
  seed: whole(0, seedMax).describe('Seed of the order of the runs and of the guests'),
  blockRuns: whole(1, 100)
    .default(8)
    .describe('Maximum consecutive runs that share a testbed, and hence a link'),
  retries: whole(0, 20)
    .default(3)
    .describe('How often to repeat an inconclusive run (invalid, or failed because of the testbed)'),
  base: section.default({}),
  /** Each by `partSchema`, so that one part's problems don't hide another's. */
  parts: z.record(word('the name of a part'), z.unknown(), expecting('parts by name')),
});

export type PartDocument = z.output<typeof partSchema>;
export type SweepDocument = z.output<typeof sweepSchema>;
export type BisectDocument = NonNullable<PartDocument['bisect']>;
export type PredictDocument = NonNullable<PartDocument['predict']>;
