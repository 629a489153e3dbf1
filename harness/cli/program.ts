import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Exit } from './command.ts';

const versionOf = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

const help = `
Examples:
  livemig run                       the main job: a busy 1 GiB guest moves from Coleraine to Dublin
  livemig run scenarios/post-copy.yaml --link lan-1g --json
  livemig doctor                    what this machine can do
  livemig list links

See \`livemig COMMAND --help\` for details.`;

type Add = (program: Command, exit: Exit) => void;

/** Commands that are defined together, in the order of the help. */
interface Group {
  names: readonly string[];
  load: () => Promise<Add>;
}

/** Each is loaded when it is called: most bring much that the others have no use for, and a run waits for all of it. */
const groups: readonly Group[] = [
  { names: ['run'], load: async () => (await import('./run-command.ts')).addRunCommand },
  {
    names: ['status', 'set', 'cut', 'cancel', 'continue', 'start-postcopy', 'force-switchover'],
    load: async () => (await import('./running-commands.ts')).addRunningCommands,
  },
  { names: ['up', 'ps', 'down'], load: async () => (await import('./kept-commands.ts')).addKeptCommands },
  { names: ['sweep'], load: async () => (await import('./sweep-command.ts')).addSweepCommand },
  { names: ['record'], load: async () => (await import('./record-command.ts')).addRecordCommand },
  { names: ['load'], load: async () => (await import('./load-command.ts')).addLoadCommand },
  { names: ['predict'], load: async () => (await import('./predict-command.ts')).addPredictCommand },
  { names: ['plan'], load: async () => (await import('./plan-command.ts')).addPlanCommand },
  { names: ['validate'], load: async () => (await import('./validate-command.ts')).addValidateCommand },
  {
    names: ['show', 'trace'],
    load: async () => (await import('./stored-run-commands.ts')).addStoredRunCommands,
  },
  { names: ['compare'], load: async () => (await import('./compare-command.ts')).addCompareCommand },
  { names: ['export'], load: async () => (await import('./export-command.ts')).addExportCommand },
  {
    names: ['report'],
    load: async () => {
      const { addReportCommand } = await import('./report-command.ts');
      return (program, exit) => {
        addReportCommand(program, exit, versionOf());
      };
    },
  },
  { names: ['doctor'], load: async () => (await import('./doctor-command.ts')).addDoctorCommand },
  { names: ['calibrate'], load: async () => (await import('./calibrate-command.ts')).addCalibrateCommand },
  { names: ['check'], load: async () => (await import('./check-command.ts')).addCheckCommand },
  { names: ['watch'], load: async () => (await import('./watch-command.ts')).addWatchCommand },
  { names: ['init'], load: async () => (await import('./init-command.ts')).addInitCommand },
  { names: ['list'], load: async () => (await import('./list-command.ts')).addListCommand },
  {
    names: ['completion', 'complete'],
    load: async () => (await import('./completion/command.ts')).addCompletionCommands,
  },
];

/** They tell of all commands. */
const tellOfAll: readonly string[] = ['completion', 'complete'];

const groupsFor = (word: string | undefined): readonly Group[] => {
  const called = groups.filter(({ names }) => word !== undefined && names.includes(word));
  return called.length === 0 || (word !== undefined && tellOfAll.includes(word)) ? groups : called;
};

/**
 * Commands with their options and help.
 * @param exit receives the exit code of the command that ran
 * @param word the first of a command line: where it names a command, that one and those defined with it; else all
 */
export const createProgram = async (exit: Exit, word?: string): Promise<Command> => {
  const adders = await Promise.all(groupsFor(word).map(({ load }) => load()));
  const program = new Command('livemig')
    .description(
      'A testbed for VM live migration: two emulated hypervisors, an emulated WAN, cross-checked measurements.',
    )
    .version(versionOf())
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', help);
  for (const add of adders) add(program, exit);
  return program;
};
