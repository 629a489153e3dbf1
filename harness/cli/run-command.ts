import type { Command } from 'commander';
import type { RunResult } from '../result.ts';
import type { Scenario } from '../scenario.ts';
import { loadScenario, unjudged } from '../scenario.ts';
import { repeatSummaryOf, summaryOf } from '../report/summary.ts';
import { retriesBounds, tryUntilAnswered } from '../sweep/tries.ts';
import type { Store } from '../store.ts';
import type { ThresholdVerdict } from '../thresholds/judge.ts';
import { judgeThresholds } from '../thresholds/judge.ts';
import type { JudgedRuns } from '../thresholds/report.ts';
import { allHold } from '../thresholds/report.ts';
import { thresholdsText } from '../thresholds/show.ts';
import { defaultOut, documentOf, openStore } from '../store.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { wholeOption } from './number-option.ts';
import { historyFileOf } from './history-file.ts';
import type { JudgedOutput } from './judged-output.ts';
import { addJudgedOptions, judgedHelp, judgedOutputOf, writeJudged } from './judged-output.ts';
import { badUsage, errorText, exitCodes, print, printJson, tell } from './output.ts';
import { runRecorded, titleOf } from './recorded-run.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

/** `attempt 1 of at most 3 was inconclusive (invalid, CROSS_CHECK_FAILED: …); retrying` */
const triedText = ({ state, error }: RunResult, tries: number, retries: number): string =>
  `attempt ${tries} of at most ${retries + 1} was inconclusive (${state}` +
  `${error === null ? '' : `, ${error.code}: ${error.message}`}); retrying`;

interface RunAllOptions {
  json: boolean;
  retries: number;
  history: string | null;
  isWarm: boolean;
  output: JudgedOutput;
}

/** All runs that the scenario asks for, and what becomes of its thresholds. */
const judged = (
  { name, repeat, seed, thresholds = [] }: Scenario,
  results: readonly RunResult[],
): JudgedRuns => {
  const runs = Array.from({ length: repeat }, (_, run) => {
    const result = results[run] ?? null;
    return { name: `run ${run + 1} (seed ${seed + run})`, result, isFailure: result?.state !== 'completed' };
  });
  return {
    name,
    runs,
    verdicts: judgeThresholds(
      thresholds,
      runs.map(({ result }) => result),
    ),
  };
};

/** A single run without thresholds is the document itself. */
const documentFor = (
  { repeat }: Scenario,
  results: readonly RunResult[],
  verdicts: readonly ThresholdVerdict[],
): unknown => {
  if (verdicts.length > 0) return { results, thresholds: verdicts };
  return repeat === 1 ? documentOf(results) : { results };
};

const runAll = async (
  scenario: Scenario,
  store: Store,
  { json, retries, output, ...how }: RunAllOptions,
): Promise<number> => {
  using interrupt = onInterrupt();
  const results: RunResult[] = [];
  let isStored = true;
  // The summary goes to standard error where standard output holds a document.
  const say = json || output.markdown ? async (text: string) => tell(text) : print;
  for (let run = 0; run < scenario.repeat && !interrupt.signal.aborted; run += 1) {
    const seeded = { ...unjudged(scenario), seed: scenario.seed + run };
    const { result, files, failure } = await tryUntilAnswered(
      retries,
      interrupt.signal,
      () => runRecorded(seeded, titleOf(scenario, run), { store, ...how }, interrupt.signal),
      (tried, tries) => {
        tell(triedText(tried, tries, retries));
      },
    );
    results.push(result);
    await say(`${run === 0 ? '' : '\n'}${summaryOf(result, files)}`);
    if (failure !== null) {
      isStored = false;
      tell(
        `${errorText(failure)}; the result is ${files[0] === undefined ? 'on standard output' : `in ${files[0]}`}`,
      );
      if (files.length === 0 && !json && !output.markdown) await printJson(result);
      // The next result couldn't be stored either.
      break;
    }
  }
  if (scenario.repeat > 1) await say(`\n${repeatSummaryOf(results)}`);
  const verdict = judged(scenario, results);
  const { verdicts } = verdict;
  if (verdicts.length > 0) await say(`\n${thresholdsText(verdicts)}`);
  if (json) await printJson(documentFor(scenario, results, verdicts));
  await writeJudged('run', scenario.name, [verdict], output);
  if (interrupt.exitCode !== undefined) return interrupt.exitCode;
  if (!isStored || results.some(({ state }) => state !== 'completed')) return exitCodes.failed;
  return allHold([verdict]) ? exitCodes.completed : exitCodes.thresholds;
};

const body: Body = async ([file], options, problems) => {
  const others = [...problems];
  const retries = wholeOption(options, 'retries', retriesBounds, others) ?? 0;
  const history = await historyFileOf(options['recordHistory'], '--record-history', others);
  const output = await judgedOutputOf(options, others);
  const scenario = await loadScenario(file, overridesOf(options), others);
  if (history !== null && scenario.repeat > 1)
    throw badUsage([`--record-history: expected one run, as there is one file, got ${scenario.repeat}`]);
  const store = await openStore(typeof options['out'] === 'string' ? options['out'] : defaultOut);
  // A dirty history stays in the process that records it.
  const isWarm = options['ownTestbed'] !== true && history === null;
  return runAll(scenario, store, { json: options['json'] === true, retries, history, isWarm, output });
};

const help = `
Examples:
  livemig run                                        a 1 GiB guest under stress, coleraine-dublin, hybrid
  livemig run scenarios/post-copy.yaml               a scenario file; options override it
  livemig run --link lan-1g --strategy pre-copy --guest 512MiB --workload stress:64MiB@4000
  livemig run --guest 2GiB,vcpus=2 --workload hotspot:256MiB@flat-out --repeat 5 --out results/hotspot
  livemig run --repeat 5 --thresholds 'downtimeMs: p95 < 300; ram.transferred: < 2GiB' --junit runs.xml
  livemig run scenarios/start.yaml --json | jq .measurement.downtimeMs

--retries repeats inconclusive runs: those that are invalid, or whose testbed or agents failed. Each attempt is reported
on standard error; only the last one is stored, printed and counted for the exit code.

--json prints one document and nothing else on standard output: the result (schemas/result.schema.json), with
--repeat above 1 {"results": [result, …]}, with thresholds {"results": …, "thresholds": …}, and if nothing can run
{"error": {code, message, problems}}.

${judgedHelp}

Exit codes: 0 completed; 1 failed, invalid, aborted or unsupported; 2 bad input, with all problems; 99 all completed, but
a threshold doesn't hold; 130 Ctrl-C.`;

export const addRunCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('run')
    .summary('run a migration and report what it cost')
    .description('Bring up a testbed, migrate a guest, measure and verify, and tear everything down.')
    .usage('[scenario.yaml] [options]');
  addJudgedOptions(addScenarioOptions(command))
    .option('--out <path>', `directory, .json or .jsonl file for the results (default: ${defaultOut}/)`)
    .option(
      '--record-history <file>',
      'record which pages the guest dirties, in a file for `livemig predict`',
    )
    .option('--own-testbed', 'a testbed of its own, even if `livemig up` keeps one that would do')
    .option('--retries <n>', 'how often to repeat an inconclusive run, up to 20 (default: 0)')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', help);
  withBody(command, 1, exit, body);
};
