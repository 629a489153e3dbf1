import type { Command } from 'commander';
import { fileProblems } from '../files/places.ts';
import { junitOf } from '../junit.ts';
import type { JudgedRuns } from '../thresholds/report.ts';
import { judgedMarkdown, judgedSuites } from '../thresholds/report.ts';
import { print } from './output.ts';
import { saveOrRescue } from './save.ts';
import { appendSummary, stepSummaryFile, summaryVariable } from './step-summary.ts';

/** Where a command says what it has judged, besides its summary. */
export interface JudgedOutput {
  junit: string | null;
  markdown: boolean;
}

export const addJudgedOptions = (command: Command): Command =>
  command
    .option('--markdown', 'Markdown on standard output, instead of the summary')
    .option('--junit <file>', 'also write JUnit XML: a case per run and per threshold');

export const judgedHelp = `Thresholds (docs/ci.md) are judged over all repetitions. In a GitHub Actions step that has any, the verdicts are also
appended to the file in $${summaryVariable}.`;

/** The options given; what is wrong with them is added to `problems`. */
export const judgedOutputOf = async (
  options: Readonly<Record<string, unknown>>,
  problems: string[],
): Promise<JudgedOutput> => {
  const { junit, markdown, json } = options;
  if (markdown === true && json === true)
    problems.push('expected --json or --markdown on standard output, got both');
  if (typeof junit === 'string') problems.push(...(await fileProblems('--junit', junit)));
  return { junit: typeof junit === 'string' ? junit : null, markdown: markdown === true };
};

/** @throws LivemigError STORAGE_FAILED or DISK_FULL */
export const writeJudged = async (
  command: string,
  name: string,
  judged: readonly JudgedRuns[],
  { junit, markdown }: JudgedOutput,
): Promise<void> => {
  const text = judgedMarkdown(`livemig ${command} ${name}`, judged);
  // Printed first, in case the files can't be written.
  if (markdown) await print(text);
  if (junit !== null) await saveOrRescue(junit, junitOf(`livemig ${command}`, judgedSuites(command, judged)));
  const summary = stepSummaryFile();
  const hasThresholds = judged.some(({ verdicts }) => verdicts.length > 0);
  if (summary !== null && hasThresholds) await appendSummary(summary, text);
};
