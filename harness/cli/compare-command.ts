import type { Command } from 'commander';
import { badUsage, exitCodes, print, printJson } from './output.ts';
import { readSets } from './results.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import type { RunResult } from '../result.ts';
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

/** `driver,capabilities.xbzrle` → what may differ. */
const acrossOf = (options: Readonly<Record<string, unknown>>, problems: string[]): string[] => {
  const given = typeof options['across'] === 'string' ? options['across'] : '';
  const names = given.split(',').map((name) => name.trim());
  if (typeof options['across'] === 'string' && names.includes(''))
    problems.push(`--across: expected names of settings like capabilities.xbzrle,driver, got "${given}"`);
  const backends = options['acrossBackends'] === true ? ['backend'] : [];
  return [...new Set([...names.filter((name) => name !== ''), ...backends])];
};

/** Both sets, with every problem of either. @throws LivemigError BAD_INPUT */
const readBoth = async (words: readonly string[], found: readonly string[]): Promise<RunResult[][]> => {
  const problems = [...found];
  const sets = await Promise.all(
    words.map((path) =>
      readSets([path], []).catch((error: unknown) => {
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
  const across = acrossOf(options, problems);
  if (words.length !== 2) problems.push(`expected two result sets, got ${words.length}`);
  if (options['json'] === true && options['markdown'] === true)
    problems.push('expected --json or --markdown on standard output, got both');
  const [a = [], b = []] = await readBoth(words, problems);
  const [{ compareRuns }, show] = await Promise.all([
    import('../compare/compare.ts'),
    import('../compare/show.ts'),
  ]);
  const comparison = compareRuns(a, b, { threshold, across });
  if (options['json'] === true) await printJson(comparison);
  else if (options['markdown'] === true) await print(show.comparisonMarkdown(comparison));
  else await print(show.comparisonText(comparison));
  // What has no counterpart was not compared: silence about it would pass for "no regression".
  const isPartial = comparison.onlyInA.length + comparison.onlyInB.length > 0 && options['partial'] !== true;
  return comparison.counts.regression > 0 || isPartial ? exitCodes.failed : exitCodes.completed;
};

const help = `
A and B are directories (every runs.jsonl below them), .jsonl or .json files. Runs are compared that were set the same:
the whole scenario but seed and repetitions, the link's definition, a sweep's part and labels, a strategy's text. A setting
that is to differ is named: --across capabilities.xbzrle, --across guest, --across driver.

Examples:
  livemig compare results/before results/after
  livemig compare main.jsonl branch.jsonl --threshold 5 --markdown
  livemig compare results/plain results/xbzrle --across capabilities.xbzrle

Exit codes: 0 no regression; 1 a regression beyond the threshold, or cells that only one set has (unless --partial); 2 bad
input, also where the sets have no cell in common, or different link backends or drivers measured them.`;

export const addCompareCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('compare')
    .summary('put two result sets side by side')
    .description('Compare two result sets cell by cell, with confidence intervals, and tell regressions.')
    .usage('A B [options]')
    .option('--threshold <percent>', `what counts as a change (default: ${defaultThresholdPercent})`)
    .option('--across <settings>', 'settings that may differ, by name: capabilities.xbzrle,driver')
    .option('--across-backends', 'the same as --across backend')
    .option('--partial', 'cells that only one set has are no failure')
    .option('--json', 'one JSON document on standard output')
    .option('--markdown', 'Markdown on standard output')
    .addHelpText('after', help);
  withBody(command, 2, exit, body);
};
