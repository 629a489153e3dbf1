import type { Command } from 'commander';
import type { SweepRequest } from '../sweep/prepare.ts';
import { retriesBounds } from '../sweep/tries.ts';
import { wholeOption } from './number-option.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

const numberOptions = [
  { flags: '--repeats <n>', option: 'repeats', least: 1, most: 1000, help: "repetitions of every cell, instead of the file's" },
  { flags: '--seed <n>', option: 'seed', least: 0, most: 2 ** 32 - 1, help: "of the order and of the runs, instead of the file's" },
  { flags: '--retries <n>', option: 'retries', ...retriesBounds, help: 'how often a run that says nothing is made again (3)' },
] as const; // prettier-ignore

export const addSweepOptions = (command: Command): Command => {
  command
    .option(
      '--out <directory>',
      'where the results go, and where to go on (default: results/<name of the sweep>)',
    )
    .option('--only <parts>', 'these parts of the sweep, separated by commas');
  for (const { flags, help } of numberOptions) command.option(flags, help);
  return addScenarioOptions(command, ['link', 'driver', 'backend'])
    .option('--dry-run', 'say what would be run, and about how long it takes')
    .option('--fresh', 'begin again, and put aside what the directory holds')
    .option('--json', 'one JSON document on standard output');
};

type Options = Readonly<Record<string, unknown>>;

/** What was asked for; wrong values join the `problems`. */
export const requestOf = (options: Options, problems: string[]): SweepRequest => {
  const number = (wanted: (typeof numberOptions)[number]['option']): number | null => {
    const { least, most } = numberOptions.find(({ option }) => option === wanted)!;
    return wholeOption(options, wanted, { least, most }, problems);
  };
  const { only } = options;
  return {
    overrides: overridesOf({ link: options['link'], driver: options['driver'], backend: options['backend'] }),
    only: typeof only === 'string' ? only.split(',').map((part) => part.trim()) : null,
    repeats: number('repeats'),
    seed: number('seed'),
    retries: number('retries'),
  };
};
