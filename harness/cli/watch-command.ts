import { watch } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { asError, codeOf } from '#proto/errors';
import { isStrategyFile } from '#proto/strategy';
import { checkInThread } from '../conformance/check-thread.ts';
import { checkText, countOf } from '../report/check.ts';
import { differenceText } from '../report/difference.ts';
import { repeatSummaryOf, summaryOf } from '../report/summary.ts';
import type { RunResult } from '../result.ts';
import { KeptTestbed } from '../run/kept-testbed.ts';
import type { Scenario } from '../scenario.ts';
import { loadScenario, unjudged } from '../scenario.ts';
import type { Store } from '../store.ts';
import { defaultOut, openStore } from '../store.ts';
import { digestOfFile, loadStrategy } from '../strategy-file.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { badUsage, errorText, exitCodes, printText, tell } from './output.ts';
import { runRecorded, titleOf } from './recorded-run.ts';
import { addScenarioOptions, keysBut, overridesOf } from './run-options.ts';

/** Editors write a file in several steps. */
const settleMs = 100;

interface Watched {
  scenario: Scenario;
  /** The same with the strategy that it is compared with; null = none. */
  against: Scenario | null;
  store: Store;
  testbeds: KeptTestbed;
  signal: AbortSignal;
}

/** Runs the conformance suite first: a strategy that loses pages there needs no testbed. @returns whether it passed */
const passes = async (file: string, signal: AbortSignal): Promise<boolean> => {
  const { name, text } = await loadStrategy(file);
  const checked = await checkInThread({ file, text }, { signal });
  if (countOf(checked.findings, 'failed') === 0) return true;
  tell(checkText({ file, name, text }, checked, null));
  return false;
};

const runOne = async (
  { store, testbeds, signal }: Watched,
  scenario: Scenario,
  run: number,
): Promise<RunResult> => {
  const seeded = { ...unjudged(scenario), seed: scenario.seed + run };
  const made = await runRecorded(seeded, titleOf(scenario, run), { store, isWarm: true, testbeds }, signal);
  const { result, files, failure } = await made.keep();
  if (scenario.repeat === 1 || result.state !== 'completed') await printText(summaryOf(result, files));
  if (failure !== null) throw asError(failure);
  return result;
};

/** Runs of one version of the strategy, and of what it is compared with: in turn, so that neither has the better time. */
interface Version {
  own: RunResult[];
  others: RunResult[];
}

/** @returns null where the file has changed meanwhile: runs of two versions are none of one */
const runsOf = async (watched: Watched): Promise<Version | null> => {
  const { scenario, against, signal } = watched;
  const version: Version = { own: [], others: [] };
  const begun = await digestOfFile(scenario.strategy);
  for (let run = 0; run < scenario.repeat && !signal.aborted; run += 1) {
    if ((await digestOfFile(scenario.strategy)) !== begun) return null;
    const turns = [
      { of: scenario, into: version.own },
      ...(against === null ? [] : [{ of: against, into: version.others }]),
    ];
    for (const { of, into } of run % 2 === 0 ? turns : turns.reverse())
      into.push(await runOne(watched, of, run));
  }
  return version;
};

const completedOf = (runs: readonly RunResult[]): RunResult[] =>
  runs.filter(({ state }) => state === 'completed');

/** Runs one version of the strategy. @returns its completed runs, or those before, if it has none */
const runVersion = async (watched: Watched, before: readonly RunResult[]): Promise<readonly RunResult[]> => {
  const { scenario, against, signal } = watched;
  try {
    if (!(await passes(scenario.strategy, signal))) return before;
    tell('every conformance case holds; migrating …');
    const version = await runsOf(watched);
    if (version === null) return before;
    const { own, others } = version;
    const [completed, compared] = [completedOf(own), completedOf(others)];
    if (scenario.repeat > 1) await printText(repeatSummaryOf(own));
    if (completed.length === 0) return before;
    if (against !== null && compared.length > 0)
      await printText(`\ncompared with ${against.strategy}:\n${differenceText(compared, completed)}`);
    if (before.length > 0)
      await printText(`\ncompared with the version before:\n${differenceText(before, completed)}`);
    return completed;
  } catch (error) {
    if (codeOf(error) !== 'BAD_INPUT') throw error;
    tell(errorText(error));
    return before;
  }
};

/** Runs at once and after every change of the file, until interrupted. */
const watchFile = async (watched: Watched): Promise<void> => {
  const { scenario, signal } = watched;
  const file = scenario.strategy;
  // Watches the directory: editors that write a new file and rename it would orphan a watch on the file.
  const changes = watch(dirname(file), { signal });
  // What changes while it runs is another version.
  let seen = await digestOfFile(file);
  let measured = await runVersion(watched, []);
  tell(`\nwatching ${file}; Ctrl-C ends it`);
  for await (const { filename } of changes) {
    if (filename !== basename(file)) continue;
    await sleep(settleMs);
    const now = await digestOfFile(file);
    if (now === seen) continue;
    seen = now;
    tell(`\n${file} has changed`);
    measured = await runVersion(watched, measured);
    tell(`\nwatching ${file}; Ctrl-C ends it`);
  }
};

const body: Body = async ([file], options, problems) => {
  if (file === undefined || !isStrategyFile(file))
    throw badUsage([
      ...problems,
      `expected the path of a strategy file (.ts, .js or .mjs), got ${file ?? 'nothing'}`,
    ]);
  const overrides = overridesOf(options);
  const scenario = await loadScenario(undefined, { ...overrides, strategy: file }, problems);
  const other = options['against'];
  const against =
    typeof other === 'string' ? await loadScenario(undefined, { ...overrides, strategy: other }) : null;
  const store = await openStore(typeof options['out'] === 'string' ? options['out'] : defaultOut);
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    await using testbeds = new KeptTestbed();
    await watchFile({ scenario, against, store, testbeds, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return interrupt.exitCode ?? exitCodes.completed;
};

const help = `
Examples:
  livemig watch examples/strategies/two-rounds.ts --link lan-1g --guest 256MiB
  livemig watch mine.ts --against hybrid --repeat 3     after each change: three runs of each, in turn, and the difference

The difference is that of the medians, with a 95 % confidence interval from two runs on. Results go where those of
\`livemig run\` go. A testbed that \`livemig up\` keeps is used.

Exit codes: 130 Ctrl-C, 2 bad input.`;

export const addWatchCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('watch')
    .summary('rerun a custom strategy whenever its file changes')
    .description(
      'Check and run a strategy file, and again after every change, in one kept testbed; show the difference.',
    )
    .usage('strategy.ts [options]');
  addScenarioOptions(command, keysBut(['strategy']))
    .option('--against <strategy>', 'compare with this strategy, by name or file, in every round')
    .option('--out <path>', `directory, .json or .jsonl file for the results (default: ${defaultOut}/)`)
    .addHelpText('after', help);
  withBody(command, 1, exit, body);
};
