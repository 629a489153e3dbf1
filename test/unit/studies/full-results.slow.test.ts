import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { studyNames } from '#harness/studies/folder';
import { runLivemig } from '#test/support/livemig-process';

/** Published agreement follows from published results. */

const studies = fileURLToPath(new URL('../../../studies/', import.meta.url));
const fileOf = (study: string, name: string): string => join(studies, study, name);
const withResults = studyNames().filter((study) => existsSync(fileOf(study, 'results.jsonl.zst')));

test('some studies have the results of their full set', () => {
  expect(withResults).not.toEqual([]);
});

test.each(withResults)("%s: agreement.md is what validate says of the study's results", async (study) => {
  const { code, stdout } = await runLivemig(
    ['validate', fileOf(study, 'results.jsonl.zst'), '--study', study, '--markdown'],
  );
  expect(code).toBeLessThanOrEqual(1);
  // Tables are aligned in files.
  const file = fileOf(study, 'agreement.md');
  expect(await format(stdout, { ...(await resolveConfig(file)), parser: 'markdown' })).toBe(readFileSync(file, 'utf8'));
}, 60_000); // prettier-ignore
