import { z } from 'zod';
import { partSchema, sweepSchema } from './sweep/document.ts';
import { profileSchema } from './profiles.ts';
import { scenarioSchema } from './scenario/schema.ts';
import { timelineJson } from './timeline/field.ts';

/**
 * What editors check and complete scenarios, sweeps and link profiles by (`# yaml-language-server: $schema=…`). They know
 * ranges, names and meanings; rules over several fields are livemig's own.
 */

type Json = Record<string, unknown>;

const input = (schema: z.ZodType): Json => {
  const json: Json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  delete json['$schema'];
  return json;
};

const dialect = { $schema: 'https://json-schema.org/draft/2020-12/schema' };

/** Sections that may be written in short, as on the command line. */
const shortened = ['guest', 'workload', 'load'];

const scenario = (links: readonly string[]): Json => {
  const json = input(scenarioSchema(links));
  const properties = json['properties'] as Record<string, Json>;
  for (const name of shortened) {
    const { description, ...section } = properties[name]!;
    properties[name] = { description, anyOf: [{ type: 'string' }, section] };
  }
  properties['timeline'] = { ...properties['timeline'], ...timelineJson() };
  return json;
};

const within = (json: Json, changes: Json): Json => ({
  ...json,
  properties: { ...(json['properties'] as Json), ...changes },
});

/** Each by the name of its file in schemas/. @param links names of the link profiles there are */
export const inputJsonSchemas = (links: readonly string[]): Readonly<Record<string, Json>> => {
  const aScenario = { $ref: '#/$defs/Scenario' };
  const part = within(input(partSchema), { scenario: aScenario });
  const sweep = within(input(sweepSchema), {
    base: aScenario,
    parts: { type: 'object', additionalProperties: part, description: 'Sets of cells, by their names' },
  });
  return {
    'scenario.schema.json': { ...dialect, title: 'A scenario of livemig', ...scenario(links) },
    'sweep.schema.json': {
      ...dialect,
      title: 'A sweep of livemig',
      ...sweep,
      $defs: { Scenario: scenario(links) },
    },
    'link-profile.schema.json': { ...dialect, title: 'A link profile of livemig', ...input(profileSchema) },
  };
};
