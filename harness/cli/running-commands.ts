import type { Command } from 'commander';
import type { MigrationStatus } from '../../proto/strategy.ts';
import type { AgentClient } from '../control-client.ts';
import { connectAgent } from '../control-client.ts';
import { cutLink } from '../run/cut.ts';
import type { RunningRun } from '../run/running.ts';
import { findRuns } from '../run/running.ts';
import { parseLimits } from '../scenario.ts';
import type { Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { badUsage, exitCodes, print, printJson } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

/** Commands that act on a migration under way in another process of this machine, as a QEMU monitor does. */

const nameOf = ({ owner, name }: RunningRun): string => `${owner.pid} (${name})`;

/** @throws LivemigError BAD_INPUT where there isn't exactly one that is meant */
const chooseRun = async (wanted: unknown): Promise<RunningRun> => {
  const { runs, ignored } = await findRuns();
  if (wanted !== undefined) {
    const run = runs.find(({ owner }) => String(owner.pid) === wanted);
    if (run !== undefined) return run;
  } else if (runs.length === 1) return runs[0]!;
  const nothing =
    ignored.length === 0 ? 'nothing runs' : `nothing runs that is this user's: ${ignored.join('; ')}`;
  const known = runs.length === 0 ? nothing : `running: ${runs.map(nameOf).join(', ')}`;
  throw badUsage([
    wanted === undefined && runs.length > 0
      ? `several migrations run: say which by --run PROCESS; ${known}`
      : `expected a running \`livemig run\` or \`livemig sweep\`; ${known}`,
  ]);
};

type Act = (source: AgentClient, run: RunningRun) => Promise<{ status: MigrationStatus }>;

const actOn = async (options: Readonly<Record<string, unknown>>, act: Act, done: string): Promise<number> => {
  const run = await chooseRun(options['run']);
  const source = connectAgent('source', run.agents.source);
  try {
    const { status } = await act(source, run);
    if (options['json'] === true) await printJson({ run: run.runId, status });
    else await print(`${nameOf(run)}: ${done}; status ${status}`);
    return exitCodes.completed;
  } finally {
    source.close();
  }
};

const addCommon = (command: Command): Command =>
  command
    .option('--run <process>', "the harness's process id, where several run")
    .option('--json', 'one JSON document on standard output');

const addSimple = (
  program: Command,
  exit: Exit,
  name: string,
  { summary, done, act }: { summary: string; done: string; act: Act },
): void => {
  const command = addCommon(program.command(name).summary(summary).description(`${summary}.`));
  withBody(command, 0, exit, async (_words, options, problems) => {
    refuse(problems);
    return actOn(options, act, done);
  });
};

const adjustableOptions = [
  'downtimeLimit',
  'maxBandwidth',
  'maxPostcopyBandwidth',
  'availSwitchoverBandwidth',
] as const;

const addSetCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('set')
    .summary('change limits of a migration while it runs')
    .description(
      "Change limits of the migration that runs on this machine, as QEMU's migrate-set-parameters.",
    );
  addCommon(addScenarioOptions(command, adjustableOptions)).addHelpText(
    'after',
    '\nExamples:\n  livemig set --max-bandwidth 500\n  livemig set --downtime-limit 1000 --run 4711' +
      '\n\nThe result tells when what was changed. Exit codes: 0 done, 1 too late, 2 bad input.',
  );
  withBody(command, 0, exit, async (_words, options, problems) => {
    const limits = parseLimits(overridesOf(options), problems);
    return actOn(options, (source) => source.call('migrateSetParameters', limits), 'changed');
  });
};

const cutMaxMs = 10 * 60_000;

const addCutCommand = (program: Command, exit: Exit): void => {
  const command = addCommon(
    program
      .command('cut')
      .summary('cut the link under a migration for a while')
      .description(
        'Let nothing pass between source and destination for so many ms; then the link is whole again.',
      )
      .usage('<ms> [options]'),
  );
  withBody(command, 1, exit, async ([text = ''], options, problems) => {
    const durationMs = Number(text);
    const isSound =
      text.trim() !== '' && Number.isInteger(durationMs) && durationMs > 0 && durationMs <= cutMaxMs;
    refuse(
      isSound
        ? problems
        : [...problems, `expected for how many ms, from 1 to ${cutMaxMs}, got ${text || 'nothing'}`],
    );
    const act: Act = async (source, run) => {
      await cutLink(run, durationMs);
      return source.call('queryMigrate', {});
    };
    return actOn(options, act, `the link was cut for ${durationMs} ms`);
  });
};

export const addRunningCommands = (program: Command, exit: Exit): void => {
  addSetCommand(program, exit);
  addCutCommand(program, exit);
  addSimple(program, exit, 'cancel', {
    summary: 'cancel a migration; its guest runs on at the source',
    done: 'cancelled',
    act: (source) => source.call('migrateCancel', {}),
  });
  addSimple(program, exit, 'continue', {
    summary: 'let a migration go on that pauses before the switchover',
    done: 'goes on',
    act: (source) => source.call('migrateContinue', {}),
  });
};
