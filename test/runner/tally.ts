import { stripVTControlCharacters } from 'node:util';

/** Counting honestly: what ran and passed, what did not pass, and what did not run. Pure. */

export interface Tally {
  passed: number;
  /** One line each. */
  failures: string[];
  /** Full names of what was skipped; by the project's rule they include the reason. */
  skipped: string[];
}

export const nothing: Tally = { passed: 0, failures: [], skipped: [] };

export const sum = (left: Tally, right: Tally): Tally => ({
  passed: left.passed + right.passed,
  failures: [...left.failures, ...right.failures],
  skipped: [...left.skipped, ...right.skipped],
});

/** The part of Jest's `--json` document that is counted. */
export interface JestReport {
  numTotalTests: number;
  testResults: readonly {
    name: string;
    status: string;
    message: string;
    /** In ms. */
    startTime: number;
    endTime: number;
    assertionResults: readonly { fullName: string; status: string; failureMessages?: readonly string[] }[];
  }[];
}

const reasonMaxCharacters = 400;

/**
 * The beginning of a failure's message, without its stack: it gives the reason even if only the end of a long log is
 * kept.
 */
const reasonOf = (messages: readonly string[] = []): string => {
  const lines = stripVTControlCharacters(messages[0] ?? '').split('\n');
  const said = lines.filter((line) => !/^\s+at /.test(line)).map((line) => line.trim());
  return said
    .filter((line) => line !== '')
    .join(' · ')
    .slice(0, reasonMaxCharacters);
};

/**
 * @param report undefined = Jest wrote none, which is a failure whatever its exit code
 * @param exitCode Jest's own; a failing one without a failed test is a failure too
 */
export const tallyOf = (project: string, report: JestReport | undefined, exitCode: number): Tally => {
  if (report === undefined)
    return { ...nothing, failures: [`${project}: jest ended with ${exitCode} and left no report`] };
  const tally: Tally = { passed: 0, failures: [], skipped: [] };
  for (const file of report.testResults) {
    for (const { fullName, status, failureMessages } of file.assertionResults) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed')
        tally.failures.push(
          [`${project}: ${fullName}`, reasonOf(failureMessages)].filter(Boolean).join(': '),
        );
      else tally.skipped.push(`${project}: ${fullName}`);
    }
    // A file that can't even be loaded has no tests to fail, and an error after the last test belongs to none.
    const hasFailedTest = file.assertionResults.some(({ status }) => status === 'failed');
    if (file.status === 'failed' && !hasFailedTest)
      tally.failures.push(`${project}: ${file.name} did not run`);
  }
  if (exitCode !== 0 && tally.failures.length === 0)
    tally.failures.push(`${project}: jest ended with ${exitCode} though no test failed`);
  return tally;
};

const slowestMax = 8;
const slowFileMs = 10_000;

/** Where the tests' time goes: a line for each of the slowest files. */
export const slowestFiles = ({ testResults }: Pick<JestReport, 'testResults'>): string[] =>
  testResults
    .map(({ name, startTime, endTime }) => ({ name, durationMs: endTime - startTime }))
    .filter(({ durationMs }) => durationMs >= slowFileMs)
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .slice(0, slowestMax)
    .map(({ name, durationMs }) => `${(durationMs / 1000).toFixed(0).padStart(5)} s  ${name}`);

/** `12 passed, 0 failed`, and `, 3 skipped` if there are any: the last line of `npm test`. */
export const lastLine = ({ passed, failures, skipped }: Tally): string =>
  `${passed} passed, ${failures.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
