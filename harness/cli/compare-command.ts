import type { Command } from 'commander';
import { badUsage, exitCodes, print, printJson, printText } from './output.ts';
import { readSets } from './results.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { fileProblems } from '../files/places.ts';
import type { RunResult } from '../result.ts';
import { saveOrRescue } from './save.ts';
import { toErrorDocument } from '#proto/errors';

const defaultThresholdPercent = 10;

/** `10`, `10%`, `2.5 %` → a share. */
const thresholdOf = (given: unknown, problems: string[]): number => {
  if (typeof given !== 'string') return defaultThresholdPercent / 100;
  const percent = Number(/^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(given)?.[1] ?? NaN);
  if (!(percent < 100))
    problems.push(`--threshold: expected a percentage below 100 like 10 or 10%, got "${given}"`);
  return percent / 100;
};

/** `driver,capabilities.xbzrle` → the settings that may differ. */
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

/** Options of a comparison of two sets, which one along a setting doesn't take. */
const ofTwoSets = {
  across: '--across',
  acrossBackends: '--across-backends',
  partial: '--partial',
  junit: '--junit',
} as const;

/** One set, along one of its settings. */
const alongBody = async (
  words: readonly string[],
  options: Readonly<Record<string, unknown>>,
  found: readonly string[],
): Promise<number> => {
  const problems = [...found];
  const threshold = thresholdOf(options['threshold'], problems);
  for (const [name, flag] of Object.entries(ofTwoSets))
    if (options[name] !== undefined)
      problems.push(`${flag}: it is for two sets, and has no effect with --by`);
  if (options['json'] === true && options['markdown'] === true)
    problems.push('expected --json or --markdown on standard output, got both');
  const runs = await readSets(words, problems);
  const [{ compareBy }, { byMarkdown, byText }] = await Promise.all([
    import('../compare/by.ts'),
    import('../compare/show-by.ts'),
  ]);
  const base = typeof options['base'] === 'string' ? options['base'] : null;
  const comparison = compareBy(runs, String(options['by']), { threshold, base });
  if (options['json'] === true) await printJson(comparison);
  else if (options['markdown'] === true) await print(byMarkdown(comparison));
  else await printText(byText(comparison));
  return exitCodes.completed;
};

const body: Body = async (words, options, found) => {
  if (options['by'] !== undefined) return alongBody(words, options, found);
  const problems = [...found];
  if (options['base'] !== undefined) problems.push('--base has no effect without --by');
  const threshold = thresholdOf(options['threshold'], problems);
  const across = acrossOf(options, problems);
  if (words.length !== 2) problems.push(`expected two result sets, got ${words.length}`);
  if (options['json'] === true && options['markdown'] === true)
    problems.push('expected --json or --markdown on standard output, got both');
  const junit = typeof options['junit'] === 'string' ? options['junit'] : null;
  if (junit !== null) problems.push(...(await fileProblems('--junit', junit)));
  const [a = [], b = []] = await readBoth(words, problems);
  const [{ compareRuns }, show] = await Promise.all([
    import('../compare/compare.ts'),
    import('../compare/show.ts'),
  ]);
  const comparison = compareRuns(a, b, { threshold, across });
  if (options['json'] === true) await printJson(comparison);
  else if (options['markdown'] === true) await print(show.comparisonMarkdown(comparison));
  else await printText(show.comparisonText(comparison));
  // Printed first, in case the file can't be written.
  if (junit !== null) {
    const { comparisonJunit } = await import('../compare/junit.ts');
    await saveOrRescue(junit, comparisonJunit(comparison, options['partial'] === true));
  }
  // Cells without a counterpart were not compared: ignoring them would look like "no regression".
  const isPartial = comparison.onlyInA.length + comparison.onlyInB.length > 0 && options['partial'] !== true;
  return comparison.counts.regression > 0 || isPartial ? exitCodes.failed : exitCodes.completed;
};

const help = `
A and B are directories (every runs.jsonl below them), .jsonl or .json files. Only runs with the same settings are
compared: the scenario except for seed and repetitions, the link's definition, the sweep's part and labels, the strategy's
text. To compare across a setting, name it: --across capabilities.xbzrle, --across guest, --across driver.

Examples:
  livemig compare results/before results/after
  livemig compare main.jsonl branch.jsonl --threshold 5 --markdown
  livemig compare results/plain results/xbzrle --across capabilities.xbzrle
  livemig compare results/my-sweep --by strategy                     within one set: every strategy against the first
  livemig compare results/my-sweep --by link --base lan-1g

Exit codes: 0 no regression, or --by; 1 a regression beyond the threshold, or cells in one set only (unless --partial; values
that a bisection tried in one set only are counted, but left out); 2 bad input, including sets without common cells
and sets measured with different link backends or drivers.`;

export const addCompareCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('compare')
    .summary('compare two result sets, or one along a setting')
    .description(
      'Compare two result sets cell by cell, with confidence intervals, and report regressions; or one set along a setting.',
    )
    .usage('A B [options], or SET --by SETTING [options]')
    .option('--threshold <percent>', `smallest change that counts (default: ${defaultThresholdPercent})`)
    .option('--by <setting>', "compare within one set: a setting's name, or a sweep's label")
    .option('--base <value>', 'with --by: the value that the others are compared with (default: the first)')
    .option('--across <settings>', 'settings that may differ, by name: capabilities.xbzrle,driver')
    .option('--across-backends', 'the same as --across backend')
    .option('--partial', "don't fail if only one set has a cell")
    .option('--json', 'one JSON document on standard output')
    .option('--markdown', 'Markdown on standard output')
    .option('--junit <file>', 'also write JUnit XML: a case per cell and quantity, a regression is a failure')
    .addHelpText('after', help);
  withBody(command, Infinity, exit, body);
};
