import type { Command } from 'commander';
import { badUsage, exitCodes, print, printJson } from './output.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import type { RunResult } from '../result.ts';
import { readResults } from '../results.ts';
import { toErrorDocument } from '../../proto/errors.ts';

const defaultThresholdPercent = 10;

/** `10`, `10%`, `2.5 %` → a share. */
const thresholdOf = (given: unknown, problems: string[]): number => {
  if (typeof given !== 'string') return defaultThresholdPercent / 100;
  const percent = Number(/^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(given)?.[1] ?? NaN);
  if (!(percent < 100))
    problems.push(`--threshold: expected a percentage below 100 like 10 or 10%, got "${given}"`);
  return percent / 100;
};

/** Both sets, with every problem of either. @throws LivemigError BAD_INPUT */
const readBoth = async (words: readonly string[], found: readonly string[]): Promise<RunResult[][]> => {
  const problems = [...found];
  const sets = await Promise.all(
    words.map((path) =>
      readResults([path]).catch((error: unknown) => {
        const { code, message, problems: own } = toErrorDocument(error);
        if (code !== 'BAD_INPUT') throw error;
        problems.push(...(own ?? [message]));
        return [];
      }),
    ),
  );
  if (problems.length > 0) throw badUsage(problems);
  return sets;
};

const body: Body = async (words, options, found) => {
  const problems = [...found];
  const threshold = thresholdOf(options['threshold'], problems);
  if (words.length !== 2) problems.push(`expected two result sets, got ${words.length}`);
  if (options['json'] === true && options['markdown'] === true)
    problems.push('expected --json or --markdown on standard output, got both');
  const [a = [], b = []] = await readBoth(words, problems);
  const [{ compareRuns }, show] = await Promise.all([
    import('../compare/compare.ts'),
    import('../compare/show.ts'),
  ]);
  const comparison = compareRuns(a, b, { threshold, acrossBackends: options['acrossBackends'] === true });
  if (options['json'] === true) await printJson(comparison);
  else if (options['markdown'] === true) await print(show.comparisonMarkdown(comparison));
  else await print(show.comparisonText(comparison));
  return comparison.counts.regression > 0 ? exitCodes.failed : exitCodes.completed;
};

const help = `
A and B are directories (every runs.jsonl below them), .jsonl or .json files. Cells are matched by sweep, part and labels,
runs of no sweep by scenario, strategy and link.

Examples:
  livemig compare results/before results/after
  livemig compare main.jsonl branch.jsonl --threshold 5 --markdown

Exit codes: 0 no regression; 1 a regression beyond the threshold; 2 bad input, also where the sets were measured by
different link backends (--across-backends compares them all the same).`;

export const addCompareCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('compare')
    .summary('put two result sets side by side')
    .description('Compare two result sets cell by cell, with confidence intervals, and tell regressions.')
    .usage('A B [options]')
    .option('--threshold <percent>', `what counts as a change (default: ${defaultThresholdPercent})`)
    .option('--across-backends', 'compare what different link backends measured')
    .option('--json', 'one JSON document on standard output')
    .option('--markdown', 'Markdown on standard output')
    .addHelpText('after', help);
  withBody(command, 2, exit, body);
};
