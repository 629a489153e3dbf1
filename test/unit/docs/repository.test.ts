import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('the citation has the version and the licence of the package', () => {
  const { version, license } = JSON.parse(read('package.json')) as { version: string; license: string };
  expect(parse(read('CITATION.cff'))).toMatchObject({
    'cff-version': '1.2.0',
    title: 'livemig',
    version,
    license,
  });
});

test('every published document that a study repeats is cited', () => {
  const { references } = parse(read('CITATION.cff')) as { references: { title: string }[] };
  const studies = readdirSync(new URL('../../../studies/', import.meta.url));
  const documents = studies.map((name) => (JSON.parse(read(`studies/${name}/published.json`)) as { document: string }).document);
  expect(documents.filter((document) => !references.some(({ title }) => document.startsWith(title)))).toEqual([]);
}); // prettier-ignore

test('the workflow runs what README says, on a Node that package.json takes', () => {
  const workflow = parse(read('.github/workflows/ci.yml')) as {
    jobs: { test: { steps: { run?: string; uses?: string; with?: { 'node-version': number } }[] } };
  };
  const { steps } = workflow.jobs.test;
  expect(steps.flatMap(({ run }) => run ?? []).join('\n')).toMatch(/\bnpm test$/);
  const node = steps.find(({ uses }) => uses?.startsWith('actions/setup-node'));
  expect(node?.with?.['node-version']).toBe(24);
});
