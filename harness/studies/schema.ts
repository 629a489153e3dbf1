import { z } from 'zod';
import { expecting, group } from '../expecting.ts';

/** The schemas of a study's files. */

const text = (what: string) => z.string(expecting(what)).min(1, expecting(what));
const called = (what: string) => z.custom((value) => typeof value === 'function', expecting(what));
const list = <T extends z.ZodType>(item: T, what: string) => z.array(item, expecting(what));

const id = z
  .string(expecting('an id'))
  .regex(/^[\w.-]{1,32}$/, expecting('an id of letters, digits, . _ and -, up to 32 of them'));

const checkSchema = group({
  id,
  statement: text('what is claimed'),
  table: text('where in the document'),
  published: text('what the document says'),
  isContested: z.boolean(expecting('true or false')).optional(),
  publishedVerdict: z
    .enum(['holds', 'fails', 'contested', 'not measured'], expecting('a verdict'))
    .optional(),
  // If missing, it is reported with the check's id.
  control: group({
    setup: text('what is wrong with the runs'),
    spoil: called('a function of runs'),
  })
    .nullable()
    .optional(),
  prepare: called('a function of needs'),
});

const rows = list(
  z.string(expecting('a pointer')).regex(/^[\w.-]+#(\/[^/]+)+$/, expecting('a pointer, study#/key/index')),
  'the published figures that it uses',
).nonempty('expected at least one published figure');

const eraSchema = group({
  name: id,
  what: text('what the software added'),
  constants: list(
    group({
      name: id,
      unit: z.string(expecting('its unit')),
      value: z.number(expecting('a number')),
      document: text('the document'),
      table: text('where in the document'),
      formula: text('how it follows from the published figures'),
      compute: called('a function that computes it from the published figures'),
      rows,
    }),
    'its constants',
  ),
  figures: z.record(z.string(), z.unknown(), expecting('published figures by study')),
  fixedMs: called('a function of a run'),
  parts: z.record(z.string(), z.string(), expecting('parts by the part that they repeat')).optional(),
  checks: z.record(
    id,
    group({ rows, basis: z.enum(['independent', 'consistency'], expecting('independent or consistency')) }),
    expecting('checks by id'),
  ),
});

export const definitionSchema = group({
  title: text('the study in a line'),
  document: text('the document: title, authors, year'),
  what: text('what its authors did'),
  trends: list(
    group({
      trend: z.int(expecting('its number')).positive(expecting('its number')),
      checks: list(checkSchema, 'its checks'),
    }),
    'a list of trends',
  ).optional(),
  onPaper: group({
    holding: called('a function that returns runs on which every check holds'),
    published: called("a function that returns the document's tables as runs").optional(),
    withoutSoftware: called(
      "a function that returns runs without what the document's software added",
    ).optional(),
  }).optional(),
  contradictions: called('a function that returns them').optional(),
  subset: list(z.string(expecting('a part')), 'parts of the quick sweep').optional(),
  eras: list(eraSchema, 'a list of eras').optional(),
  plots: list(called('a function of a set-up'), 'a list of functions').optional(),
  tables: list(called('a function of needs'), 'a list of functions').optional(),
});

const day = z.string(expecting('a day')).regex(/^\d{4}-\d\d-\d\d$/, expecting('a day, YYYY-MM-DD'));
const number = z.number(expecting('a number'));
const comment = z.string(expecting('a text')).optional();

const within = (what: string, least: number, most: number) => {
  const told = expecting(`${what} from ${least} to ${most}`);
  return z.number(told).min(least, told).max(most, told);
};

const tolerance = group({
  quantity: text('the quantity that is checked against the bounds'),
  unit: z.string(expecting("its unit, '' for a plain number")),
  atLeast: number.optional(),
  atMost: number.optional(),
  above: number.optional(),
  below: number.optional(),
  published: z.number(expecting('a number, or null')).nullable(),
  isInWords: z.literal(true, expecting('true, or nothing')).optional(),
  reason: text('why these bounds'),
}).superRefine(({ atLeast, atMost, above, below, published, isInWords }, context) => {
  if (isInWords === true && published !== null)
    context.addIssue({
      code: 'custom',
      path: ['isInWords'],
      message: 'expected published: null beside it, as the documents give no figure',
    });
  const low = Math.max(atLeast ?? -Infinity, above ?? -Infinity);
  const high = Math.min(atMost ?? Infinity, below ?? Infinity);
  const isOpen = low === high && (low === above || high === below);
  if (low === -Infinity && high === Infinity)
    context.addIssue({ code: 'custom', message: 'expected a bound: atLeast, atMost, above or below' });
  if (low > high || isOpen)
    context.addIssue({
      code: 'custom',
      message: `expected bounds that some value satisfies, got ${low} to ${high}`,
    });
});

export const tolerancesSchema = group({
  $comment: comment,
  /** A study may have additional rules. */
  rules: z
    .looseObject(
      {
        leastRepeats: within('runs', 1, 1000).int(expecting('a whole number')).optional(),
        confidence: within('a share', 0.5, 0.999).optional(),
        resamples: within('resamples', 100, 100_000).int(expecting('a whole number')).optional(),
        seed: within('a seed', 0, 2 ** 32 - 1)
          .int(expecting('a whole number'))
          .optional(),
      },
      expecting('rules by name'),
    )
    .optional(),
  checks: z.record(id, tolerance, expecting('a tolerance per check, by id')),
  /** Empty while the tolerances may still change. */
  changes: list(
    group({
      on: day,
      why: z.string(expecting('why')).min(20, expecting('why, in 20 characters or more')),
      digest: z.string(expecting('a digest')),
    }),
    'a list of changes',
  ).default([]),
});

export const knownFailuresSchema = group({
  $comment: comment,
  knownFailures: list(
    group({
      id,
      on: day,
      reason: text('the measured reason'),
      machineBusyAtLeast: within("a share of the machine's CPU time", 0, 1).optional(),
    }),
    'a list',
  ),
});
