import type { Command } from 'commander';
import { Subject } from 'rxjs';
import type { RunEvent } from '../run/events.ts';
import type { RunResult } from '../result.ts';
import { runScenario } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { loadScenario } from '../scenario.ts';
import { experimentText, repeatSummaryOf, summaryOf } from '../report/summary.ts';
import type { Try } from '../sweep/tries.ts';
import { retriesBounds, tryUntilAnswered } from '../sweep/tries.ts';
import type { Recording, Store } from '../store.ts';
import { defaultOut, documentOf, openStore, rescueResult } from '../store.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import type { Interrupt } from './interrupt.ts';
import { onInterrupt } from './interrupt.ts';
import { showLive } from './live.ts';
import { wholeOption } from './number-option.ts';
import { errorText, exitCodes, print, printJson, tell } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

interface Stored {
  result: RunResult;
  files: string[];
  /** Not everything could be written to its place; then `files` says where the result is instead. */
  failure: unknown;
}

const storeResult = async (recording: Recording, result: RunResult): Promise<Stored> => {
  try {
    return { result, files: await recording.finish(result), failure: null };
  } catch (failure) {
    const file = await rescueResult(result);
    return { result, files: file === null ? [] : [file], failure };
  }
};

/** The same stream goes to the screen and to the store, which waits to be told whether the result is wanted. */
const runOnce = async (
  scenario: Scenario,
  title: string,
  store: Store,
  interrupt: Interrupt,
): Promise<Try<Stored>> => {
  const events = new Subject<RunEvent>();
  const recording = await store.record(events);
  const live = showLive(title, events, process.stderr);
  try {
    const result = await runScenario(scenario, { signal: interrupt.signal, events });
    const keep = async (): Promise<Stored> => {
      try {
        return await storeResult(recording, result);
      } finally {
        await recording.discard();
      }
    };
    return { result, keep, drop: () => recording.discard() };
  } catch (error) {
    await recording.discard();
    throw error;
  } finally {
    live.stop();
    events.complete();
  }
};

/** `try 1 of at most 3 says nothing (invalid, CROSS_CHECK_FAILED: …); it is made again` */
const triedText = ({ state, error }: RunResult, tries: number, retries: number): string =>
  `try ${tries} of at most ${retries + 1} says nothing (${state}` +
  `${error === null ? '' : `, ${error.code}: ${error.message}`}); it is made again`;

const titleOf = (scenario: Scenario, run: number): string => {
  const count = scenario.repeat === 1 ? '' : ` (run ${run + 1} of ${scenario.repeat})`;
  const experiment = experimentText({
    scenario,
    strategy: scenario.strategy,
    link: { profile: scenario.link },
  });
  return `${scenario.name}${count}: ${experiment}`;
};

const runAll = async (
  scenario: Scenario,
  store: Store,
  { json, retries }: { json: boolean; retries: number },
): Promise<number> => {
  using interrupt = onInterrupt();
  const results: RunResult[] = [];
  let isStored = true;
  // With --json the summary is for the person who watches; standard output is the document's.
  const say = json ? async (text: string) => tell(text) : print;
  for (let run = 0; run < scenario.repeat && !interrupt.signal.aborted; run += 1) {
    const seeded = { ...scenario, seed: scenario.seed + run };
    const { result, files, failure } = await tryUntilAnswered(
      retries,
      interrupt.signal,
      () => runOnce(seeded, titleOf(scenario, run), store, interrupt),
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
      if (files.length === 0 && !json) await printJson(result);
      // There would be no room for the next one either.
      break;
    }
  }
  if (scenario.repeat > 1) await say(`\n${repeatSummaryOf(results)}`);
  if (json) await printJson(scenario.repeat === 1 ? documentOf(results) : { results });
  if (interrupt.exitCode !== undefined) return interrupt.exitCode;
  return isStored && results.every(({ state }) => state === 'completed')
    ? exitCodes.completed
    : exitCodes.failed;
};

const body: Body = async ([file], options, problems) => {
  const others = [...problems];
  const retries = wholeOption(options, 'retries', retriesBounds, others) ?? 0;
  const scenario = await loadScenario(file, overridesOf(options), others);
  const store = await openStore(typeof options['out'] === 'string' ? options['out'] : defaultOut);
  return runAll(scenario, store, { json: options['json'] === true, retries });
};

const help = `
Examples:
  livemig run                                        a 1 GiB guest under stress, coleraine-dublin, hybrid
  livemig run scenarios/post-copy.yaml               a scenario file; options override it
  livemig run --link lan-1g --strategy pre-copy --guest 512MiB --workload stress:64MiB@4000
  livemig run --guest 2GiB,vcpus=2 --workload hotspot:256MiB@flat-out --repeat 5 --out results/hotspot
  livemig run scenarios/start.yaml --json | jq .measurement.downtimeMs

--retries makes a run again that says nothing of livemig: one that is invalid, or whose testbed or agents failed. Every
such try is told on standard error; what is stored, printed and counted for the exit code is the last one.

--json prints one document and nothing else on standard output: the result (schemas/result.schema.json), with
--repeat above 1 {"results": [result, …]}, and where there is nothing to run {"error": {code, message, problems}}.

Exit codes: 0 completed; 1 failed, invalid, aborted or unsupported; 2 bad input, with every problem of it; 130 Ctrl-C.`;

export const addRunCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('run')
    .summary('run a migration and say what it cost')
    .description(
      'Bring up a testbed, migrate a guest in it, measure and verify, and take everything down again.',
    )
    .usage('[scenario.yaml] [options]');
  addScenarioOptions(command)
    .option('--out <path>', `directory, .json or .jsonl file for the results (default: ${defaultOut}/)`)
    .option('--retries <n>', 'how often a run that says nothing is made again, up to 20 (0)')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', help);
  withBody(command, 1, exit, body);
};
