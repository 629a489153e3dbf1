import { z } from 'zod';
import { shown } from '../shown.ts';
import type { Threshold } from '../thresholds/threshold.ts';
import { readThresholds, thresholdNames } from '../thresholds/threshold.ts';
import { isSection } from './shorthand.ts';

const bound = { type: 'string' };
const json = {
  type: 'object',
  propertyNames: { enum: [...thresholdNames] },
  additionalProperties: { anyOf: [bound, { type: 'array', minItems: 1, items: bound }] },
};

/** The `thresholds` section: figures and their bounds. */
export const thresholdsField = () =>
  z
    .unknown()
    .meta(json)
    .transform((section, context): Threshold[] | undefined => {
      if (section === undefined) return undefined;
      if (!isSection(section)) {
        context.addIssue({
          code: 'custom',
          message: `expected figures with bounds, like downtimeMs: "p95 < 300", got ${shown(section)}`,
        });
        return z.NEVER;
      }
      const { thresholds, problems } = readThresholds(section);
      for (const { name, problem } of problems)
        context.addIssue({ code: 'custom', path: [name], message: problem });
      return problems.length === 0 ? thresholds : z.NEVER;
    })
    .optional();
