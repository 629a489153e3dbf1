import type { Command } from 'commander';
import { cutMaxMs } from '#proto/link';
import type { MigrationStatus } from '#proto/strategy';
import type { AgentPort } from '../agent-port.ts';
import { connectAgent } from '../control-client.ts';
import { cutLink } from '../run/cut.ts';
import type { ReachableRun } from '../run/running.ts';
import { parseLimits } from '../scenario.ts';
import { chooseRun, itsMigration, nameOf } from './chosen-run.ts';
import type { Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, printJson, printText } from './output.ts';
import { addScenarioOptions, adjustableKeys, overridesOf } from './run-options.ts';
import { addStatusCommand } from './status-command.ts';

/** Commands that control a running migration of another process on this machine, like a QEMU monitor. */

type Act = (source: AgentPort, run: ReachableRun) => Promise<{ status: MigrationStatus }>;

const actOn = async (options: Readonly<Record<string, unknown>>, act: Act, done: string): Promise<number> => {
  const run = await chooseRun(options['run']);
  const source = connectAgent('source', run.agents.source);
  try {
    const { status } = await act(source, run);
    if (options['json'] === true) await printJson({ run: run.runId, status });
    else await printText(`${nameOf(run)}: ${done}; status ${status}`);
    return exitCodes.completed;
  } finally {
    source.close();
  }
};

const addCommon = (command: Command): Command =>
  command
    .option('--run <process>', "the harness's process id, if several are running")
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

const addSetCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('set')
    .summary('change limits of a migration while it runs')
    .description(
      "Change limits of the running migration on this machine, like QEMU's migrate-set-parameters.",
    );
  addCommon(addScenarioOptions(command, adjustableKeys)).addHelpText(
    'after',
    '\nExamples:\n  livemig set --max-bandwidth 500\n  livemig set --downtime-limit 1000 --run 4711' +
      '\n\nThe result records every change and its time. Exit codes: 0 done, 1 too late, 2 bad input.',
  );
  withBody(command, 0, exit, async (_words, options, problems) => {
    const limits = parseLimits(overridesOf(options), problems);
    return actOn(
      options,
      (source, run) => source.call('migrateSetParameters', limits, itsMigration(run)),
      'changed',
    );
  });
};

const addCutCommand = (program: Command, exit: Exit): void => {
  const command = addCommon(
    program
      .command('cut')
      .summary('cut the link under a migration for a while')
      .description('Cut the link between source and destination for the given time in ms, then restore it.')
      .usage('<ms> [options]'),
  );
  withBody(command, 1, exit, async ([text = ''], options, problems) => {
    const durationMs = Number(text);
    const isSound =
      text.trim() !== '' && Number.isInteger(durationMs) && durationMs > 0 && durationMs <= cutMaxMs;
    refuse(
      isSound
        ? problems
        : [...problems, `expected a duration in ms from 1 to ${cutMaxMs}, got ${text || 'nothing'}`],
    );
    const act: Act = async (source, run) => {
      await cutLink(run, durationMs);
      return source.call('queryMigrate', {}, itsMigration(run));
    };
    return actOn(options, act, `the link was cut for ${durationMs} ms`);
  });
};

export const addRunningCommands = (program: Command, exit: Exit): void => {
  addStatusCommand(program, exit);
  addSetCommand(program, exit);
  addCutCommand(program, exit);
  addSimple(program, exit, 'cancel', {
    summary: 'cancel a migration; its guest keeps running at the source',
    done: 'cancelled',
    act: (source, run) => source.call('migrateCancel', {}, itsMigration(run)),
  });
  addSimple(program, exit, 'continue', {
    summary: 'continue a migration that waits before the switchover',
    done: 'continues',
    act: (source, run) => source.call('migrateContinue', {}, itsMigration(run)),
  });
  addSimple(program, exit, 'start-postcopy', {
    summary: 'switch a migration to post-copy now',
    done: 'switches to post-copy',
    act: (source, run) => source.call('migrateStartPostcopy', {}, itsMigration(run)),
  });
  addSimple(program, exit, 'force-switchover', {
    summary: 'stop the guest and complete its migration now, whatever the downtime',
    done: 'switches over',
    act: (source, run) => source.call('migrateForceSwitchover', {}, itsMigration(run)),
  });
};
