import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { MigrationInfo } from '#proto/control';
import { finalStatuses } from '#proto/strategy';
import type { AgentPort } from '../agent-port.ts';
import { connectAgent } from '../control-client.ts';
import { statusBlock, statusDocument, statusLine } from '../report/status.ts';
import type { StatusOf } from '../report/status.ts';
import type { ReachableRun } from '../run/running.ts';
import { chooseRun, isUnderWay, itsMigration } from './chosen-run.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { wholeOption } from './number-option.ts';
import { exitCodes, print, printJson, printText, tell } from './output.ts';

/** How far a running migration is, once or until its end (QEMU's query-migrate). */

const defaultColumns = 80;
const intervalBounds = { least: 100, most: 3_600_000 };
const defaultIntervalMs = 1000;
/** An agent that is there answers within milliseconds, except on a very busy machine. */
const answerMs = 10_000;

/** Of a terminal; a pipe has none. */
const columnsOf = ({ columns }: { columns?: number }): number =>
  columns === undefined || columns === 0 ? defaultColumns : columns;

const query = (source: AgentPort, run: ReachableRun): Promise<MigrationInfo> =>
  source.call('queryMigrate', {}, { ...itsMigration(run), timeoutMs: answerMs, isUrgent: true });

interface Look {
  of: StatusOf;
  json: boolean;
}

const showOnce = async ({ of, json }: Look, info: MigrationInfo): Promise<void> => {
  if (json) await printJson(statusDocument(of, info));
  else await printText(statusBlock(of, info, columnsOf(process.stdout)).join('\n'));
};

const showNext = async ({ of, json }: Look, info: MigrationInfo): Promise<void> => {
  await print(json ? JSON.stringify(statusDocument(of, info)) : statusLine(info));
};

/** The next status; null where the run has ended. @throws LivemigError */
const nextOf = async (source: AgentPort, run: ReachableRun): Promise<MigrationInfo | null> => {
  try {
    return await query(source, run);
  } catch (error) {
    // Its agent is gone then, or already has the next run's guest.
    if (await isUnderWay(run)) throw error;
    return null;
  }
};

/** Shows it at intervals until the migration, or its run, has ended. @returns the exit code */
const follow = async (
  source: AgentPort,
  run: ReachableRun,
  intervalMs: number,
  look: Look,
): Promise<number> => {
  using interrupt = onInterrupt();
  // `livemig status --follow | head -3`: nobody reads on.
  const closed = new AbortController();
  process.stdout.once('error', () => {
    closed.abort();
  });
  const ends = AbortSignal.any([interrupt.signal, closed.signal]);
  for (;;) {
    const info = await nextOf(source, run);
    if (info === null) {
      tell(`livemig: run ${look.of.pid} (${look.of.name}) has ended; its result has the rest`);
      return exitCodes.completed;
    }
    await showNext(look, info);
    if (finalStatuses.includes(info.status)) return exitCodes.completed;
    await sleep(intervalMs, undefined, { signal: ends }).catch(() => undefined);
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    if (closed.signal.aborted) return exitCodes.completed;
  }
};

const body: Body = async (_words, options, problems) => {
  const others = [...problems];
  const intervalMs = wholeOption(options, 'interval', intervalBounds, others);
  if (intervalMs !== null && options['follow'] !== true)
    others.push('--interval has no effect without --follow');
  refuse(others);
  const run = await chooseRun(options['run']);
  const look = {
    of: { run: run.runId, pid: run.owner.pid, name: run.name },
    json: options['json'] === true,
  };
  const source = connectAgent('source', run.agents.source);
  try {
    if (options['follow'] === true) return await follow(source, run, intervalMs ?? defaultIntervalMs, look);
    await showOnce(look, await query(source, run));
    return exitCodes.completed;
  } finally {
    source.close();
  }
};

const help = `
Examples:
  livemig status                                     the running migration on this machine
  livemig status --follow                            a line a second until it has ended
  livemig status --follow --json | jq .ram.remaining

--json prints one document, with --follow one line each. Names are those of QEMU's query-migrate; what isn't known, or
not yet, is null. Before the migration the status is none.

Exit codes: 0 shown; 1 the agent doesn't answer; 2 bad input, or nothing is running; 130 Ctrl-C.`;

export const addStatusCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('status')
    .summary('show how far a running migration is')
    .description("Show how far the running migration on this machine is, like QEMU's query-migrate.")
    .option('--run <process>', "the harness's process id, if several are running")
    .option('--follow', 'again and again, until the migration has ended')
    .option('--interval <ms>', `time between two looks with --follow (default: ${defaultIntervalMs})`)
    .option('--json', 'one JSON document on standard output; with --follow one line each')
    .addHelpText('after', help);
  withBody(command, 0, exit, body);
};
