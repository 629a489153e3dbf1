import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const file = new URL('../../schemas/result.schema.json', import.meta.url);

/** The text of schemas/result.schema.json. */
export const schemaText = (): string => readFileSync(file, 'utf8');

// Formats are annotations in 2020-12; the date has a pattern beside it.
const validate = new Ajv2020({ allErrors: true, validateFormats: false, allowUnionTypes: true }).compile(
  JSON.parse(schemaText()) as object,
);

/** What the published schema has against a document that went through JSON; empty where nothing. */
export const schemaProblems = (document: unknown): string[] =>
  validate(JSON.parse(JSON.stringify(document)))
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
