import { appendFile } from 'node:fs/promises';
import { storageError } from '../files/places.ts';

/** The summary of a GitHub Actions step: Markdown in a file that its variable names. */
export const summaryVariable = 'GITHUB_STEP_SUMMARY';

/** Null outside of GitHub Actions. */
export const stepSummaryFile = (): string | null => {
  const file = process.env[summaryVariable] ?? '';
  return file === '' ? null : file;
};

/** Appends, as other steps of the workflow write to the same file. @throws LivemigError STORAGE_FAILED */
export const appendSummary = async (file: string, text: string): Promise<void> => {
  try {
    await appendFile(file, text);
  } catch (cause) {
    throw storageError(`the step's summary ($${summaryVariable}): can't append to ${file}`, cause);
  }
};
