import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCalibrateCommand } from './calibrate-command.ts';
import { addCheckCommand } from './check-command.ts';
import { addCompareCommand } from './compare-command.ts';
import { addCompletionCommands } from './completion/command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addExportCommand } from './export-command.ts';
import { addInitCommand } from './init-command.ts';
import { addKeptCommands } from './kept-commands.ts';
import { addListCommand } from './list-command.ts';
import { addLoadCommand } from './load-command.ts';
import { addPlanCommand } from './plan-command.ts';
import { addPredictCommand } from './predict-command.ts';
import { addRecordCommand } from './record-command.ts';
import { addReportCommand } from './report-command.ts';
import { addRunCommand } from './run-command.ts';
import { addRunningCommands } from './running-commands.ts';
import { addStoredRunCommands } from './stored-run-commands.ts';
import { addSweepCommand } from './sweep-command.ts';
import { addValidateCommand } from './validate-command.ts';
import { addWatchCommand } from './watch-command.ts';

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

/** Every command with its options and help. @param exit receives the exit code of the command that ran */
export const createProgram = (exit: (code: number) => void): Command => {
  const program = new Command('livemig')
    .description(
      'A testbed for VM live migration: two emulated hypervisors, an emulated WAN, cross-checked measurements.',
    )
    .version(versionOf())
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', help);
  addRunCommand(program, exit);
  addRunningCommands(program, exit);
  addKeptCommands(program, exit);
  addSweepCommand(program, exit);
  addRecordCommand(program, exit);
  addLoadCommand(program, exit);
  addPredictCommand(program, exit);
  addPlanCommand(program, exit);
  addValidateCommand(program, exit);
  addStoredRunCommands(program, exit);
  addCompareCommand(program, exit);
  addExportCommand(program, exit);
  addReportCommand(program, exit, versionOf());
  addDoctorCommand(program, exit);
  addCalibrateCommand(program, exit);
  addCheckCommand(program, exit);
  addWatchCommand(program, exit);
  addInitCommand(program, exit);
  addListCommand(program, exit);
  addCompletionCommands(program, exit);
  return program;
};
