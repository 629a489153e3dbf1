import { watch } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { codeOf } from '../../proto/errors.ts';
import { isStrategyFile } from '../../proto/strategy.ts';
import { checkInThread } from '../conformance/check-thread.ts';
import { differenceText } from '../report/difference.ts';
import { summaryOf } from '../report/summary.ts';
import type { CompletedRun } from '../result.ts';
import { KeptTestbed } from '../run/kept-testbed.ts';
import { runScenario } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { loadScenario } from '../scenario.ts';
import { digestOfFile, loadStrategy } from '../strategy-file.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { badUsage, errorText, exitCodes, print, tell } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

/** Editors write a file in several steps. */
const settleMs = 100;

/** Held to the conformance suite first: what loses pages there needs no testbed. @returns whether it may run. */
const passes = async (file: string, signal: AbortSignal): Promise<boolean> => {
  const { text } = await loadStrategy(file);
  const findings = await checkInThread({ file, text }, { signal });
  const failed = findings.filter(({ problem }) => problem !== null);
  for (const { name, problem } of failed) tell(`  FAILED  ${name}\n          ${problem ?? ''}`);
  return failed.length === 0;
};

/** One version of the strategy. @returns what it cost, where the run completed. */
const runVersion = async (
  scenario: Scenario,
  testbeds: KeptTestbed,
  signal: AbortSignal,
  before: CompletedRun | null,
): Promise<CompletedRun | null> => {
  try {
    if (!(await passes(scenario.strategy, signal))) return before;
    tell('every conformance case holds; migrating …');
    const result = await runScenario(scenario, { signal, testbeds });
    await print(summaryOf(result, []));
    if (result.state !== 'completed') return before;
    if (before !== null) await print(`\nagainst the run before:\n${differenceText(before, result)}`);
    return result;
  } catch (error) {
    if (codeOf(error) !== 'BAD_INPUT') throw error;
    tell(errorText(error));
    return before;
  }
};

/** Runs at once, and whenever the file has changed, until it is interrupted. */
const watchFile = async (scenario: Scenario, signal: AbortSignal): Promise<void> => {
  const file = scenario.strategy;
  await using testbeds = new KeptTestbed();
  // The directory: editors that write another file and rename it leave a watch on the file behind.
  const changes = watch(dirname(file), { signal });
  let measured = await runVersion(scenario, testbeds, signal, null);
  let seen = await digestOfFile(file);
  tell(`\nwatching ${file}; Ctrl-C ends it`);
  for await (const { filename } of changes) {
    if (filename !== basename(file)) continue;
    await sleep(settleMs);
    const now = await digestOfFile(file);
    if (now === seen) continue;
    seen = now;
    tell(`\n${file} has changed`);
    measured = await runVersion(scenario, testbeds, signal, measured);
    tell(`\nwatching ${file}; Ctrl-C ends it`);
  }
};

const body: Body = async ([file], options, problems) => {
  if (file === undefined || !isStrategyFile(file))
    throw badUsage([
      ...problems,
      `expected the path of a strategy file (.ts, .js or .mjs), got ${file ?? 'nothing'}`,
    ]);
  const scenario = await loadScenario(undefined, { ...overridesOf(options), strategy: file }, problems);
  using interrupt = onInterrupt();
  try {
    await watchFile(scenario, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  }
  return interrupt.exitCode ?? exitCodes.completed;
};

export const addWatchCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('watch')
    .summary("run a strategy of one's own again whenever its file changes")
    .description(
      'Check and run a strategy file, then again on every change, in one kept testbed, and say what has changed.',
    )
    .usage('strategy.ts [options]');
  addScenarioOptions(command, [
    'link', 'guest', 'workload', 'driver', 'backend', 'channels', 'downtimeLimit', 'maxRounds', 'maxPrecopy',
    'hybridRounds', 'maxBandwidth', 'maxPostcopyBandwidth', 'cap', 'warmup', 'seed',
  ]).addHelpText(
    'after',
    '\nExample:\n  livemig watch examples/strategies/two-rounds.ts --link lan-1g --guest 256MiB' +
      '\n\nExit codes: 130 Ctrl-C, 2 bad input.',
  ); // prettier-ignore
  withBody(command, 1, exit, body);
};
