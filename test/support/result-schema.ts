import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const file = new URL('../../schemas/result.schema.json', import.meta.url);

/** The text of schemas/result.schema.json. */
export const schemaText = (): string => readFileSync(file, 'utf8');

// Formats are only annotations in 2020-12; the date has a pattern as well.
const validate = new Ajv2020({ allErrors: true, validateFormats: false, allowUnionTypes: true }).compile(
  JSON.parse(schemaText()) as object,
);

/** The published schema's objections to a document that went through JSON; empty = none. */
export const schemaProblems = (document: unknown): string[] =>
  validate(JSON.parse(JSON.stringify(document)))
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
