import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { inputJsonSchemas } from '#harness/json-schemas';
import { listProfiles } from '#harness/profiles';
import { referenceMarkdown } from '#harness/report/reference-markdown';

const root = new URL('../../../', import.meta.url);
const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const schemas = inputJsonSchemas(listProfiles());
const validatorOf = (file: string): ValidateFunction =>
  new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false }).compile(
    JSON.parse(JSON.stringify(schemas[file])) as object,
  );
const problemsOf = (validate: ValidateFunction, document: unknown): string[] =>
  validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);

const filesBelow = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `${folder}${file}`);
const documents = [...filesBelow('scenarios/'), ...filesBelow('studies/')]
  .map((file): [string, unknown] => [file, parse(textOf(file))])
  .filter(([, document]) => typeof document === 'object' && document !== null);
const isSweep = ([, document]: [string, unknown]): boolean => 'parts' in (document as object);

describe('generated files', () => {
  test.each(Object.keys(schemas))('schemas/%s is up to date (setup/input-schemas.ts writes it)', (file) => {
    expect(JSON.parse(textOf(`schemas/${file}`))).toEqual(JSON.parse(JSON.stringify(schemas[file])));
  });

  test('docs/reference.md is up to date (setup/reference.ts writes it)', () => {
    expect(textOf('docs/reference.md')).toBe(referenceMarkdown());
  });
});

describe('the schemas for editors', () => {
  const scenario = validatorOf('scenario.schema.json');
  const sweep = validatorOf('sweep.schema.json');
  const profile = validatorOf('link-profile.schema.json');

  test.each(documents.filter((each) => !isSweep(each)))('take the scenario %s', (_, document) => {
    expect(problemsOf(scenario, document)).toEqual([]);
  });
  test.each(documents.filter(isSweep))('take the sweep %s', (_, document) => {
    expect(problemsOf(sweep, document)).toEqual([]);
  });
  test.each(listProfiles())('take the link profile %s', (name) => {
    expect(problemsOf(profile, parse(textOf(`netem-profiles/${name}.yaml`)))).toEqual([]);
  });

  test.each([...filesBelow('scenarios/'), ...filesBelow('netem-profiles/'), ...filesBelow('studies/')])(
    '%s says to editors which one it follows',
    (file) => {
      const [folder = ''] = file.split('/');
      const kind =
        { scenarios: 'scenario', 'netem-profiles': 'link-profile', studies: 'sweep' }[folder] ?? '';
      const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(textOf(file))?.[1] ?? 'none';
      expect(new URL(named, new URL(file, root)).href).toBe(
        new URL(`schemas/${kind}.schema.json`, root).href,
      );
    },
  );

  test.each([
    [{ limts: {} }],
    [{ limits: { downtimeLimitMs: 0 } }],
    [{ limits: { convergence: 'qemuu' } }],
    [{ workload: { name: 'stres' } }],
    [{ workload: { hotWriteFraction: 0 } }],
    [{ capabilities: { xbzrle: 5000 } }],
    [{ transfer: { channels: 2 } }],
    [{ guest: { vcpus: 9 } }],
  ])('refuse %j', (document) => {
    expect(problemsOf(scenario, document)).not.toEqual([]);
    expect(problemsOf(sweep, { name: 'a', guestScale: 1, repeats: 1, seed: 1, parts: {}, base: document })).not.toEqual([]); // prettier-ignore
  });

  test('explain every key', () => {
    const bare = (schema: object, path: string): string[] =>
      Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
        if (typeof value !== 'object' || value === null) return [];
        if (key !== 'properties') return bare(value, path);
        return Object.entries(value).flatMap(([name, property]: [string, object]) => [
          ...('description' in property || '$ref' in property ? [] : [`${path}${name}`]),
          ...bare(property, `${path}${name}.`),
        ]);
      });
    expect(bare(schemas['scenario.schema.json']!, '')).toEqual([]);
  });
});
