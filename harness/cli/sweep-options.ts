import type { Command } from 'commander';
import { seedMax } from '#proto/guest';
import type { SweepRequest } from '../sweep/prepare.ts';
import { retriesBounds } from '../sweep/tries.ts';
import { wholeOption } from './number-option.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

const numberOptions = [
  { flags: '--repeats <n>', option: 'repeats', least: 1, most: 1000, help: "repetitions of every cell; overrides the file" },
  { flags: '--seed <n>', option: 'seed', least: 0, most: seedMax, help: "seed of the order and of the runs; overrides the file" },
  { flags: '--retries <n>', option: 'retries', ...retriesBounds, help: 'how often to repeat an inconclusive run (default: 3)' },
] as const; // prettier-ignore

export const addSweepOptions = (command: Command): Command => {
  command
    .option(
      '--out <directory>',
      'directory of the results, also to resume (default: results/<name of the sweep>)',
    )
    .option('--quick', "the study's quick sweep, for CI")
    .option('--only <parts>', 'only these parts of the sweep, separated by commas');
  for (const { flags, help } of numberOptions) command.option(flags, help);
  return addScenarioOptions(command, ['link', 'driver', 'backend'])
    .option('--dry-run', 'show what would run, and roughly how long it takes')
    .option('--fresh', 'start over, and move existing results aside')
    .option('--json', 'one JSON document on standard output');
};

type Options = Readonly<Record<string, unknown>>;

/** The options given; invalid values are added to `problems`. */
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
