import { z } from 'zod';
import type { Json } from '../scenario/fields.ts';
import { actions, entriesMax, readTimeline } from './entries.ts';
import { momentJson } from './moment.ts';
import type { TimelineEntry } from './types.ts';

/** The scenario's key `timeline`. */
export const timelineField = () =>
  z
    .unknown()
    .transform((value, context): TimelineEntry[] | undefined => {
      if (value === undefined) return undefined;
      const read = readTimeline(value);
      if ('entries' in read) return read.entries;
      for (const { path, message } of read.problems) context.addIssue({ code: 'custom', path, message });
      return z.NEVER;
    })
    .optional();

/** For editors: made when it is asked for, as it takes a while. */
export const timelineJson = (): Json => ({
  anyOf: [
    { type: 'string' },
    {
      type: 'array',
      maxItems: entriesMax,
      items: {
        anyOf: [
          { type: 'string' },
          ...Object.entries(actions).map(([name, { help, schema }]) => {
            const { properties = {}, required = [] } = z.toJSONSchema(schema, {
              io: 'input',
              unrepresentable: 'any',
            });
            return {
              type: 'object',
              description: help,
              properties: {
                at: {
                  description:
                    'When: a time after the start of the migration, or an occasion and how long after it',
                  ...momentJson,
                },
                do: { const: name, description: help },
                ...properties,
              },
              required: ['at', 'do', ...required],
              additionalProperties: false,
            };
          }),
        ],
      },
    },
  ],
});
