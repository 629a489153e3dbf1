import type { Command } from 'commander';
import { Subject } from 'rxjs';
import { recordHistory } from '../record-history.ts';
import type { RunEvent } from '../run/events.ts';
import { loadScenario } from '../scenario.ts';
import { lengthMsOf } from '../prediction/history.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { historyFileOf, historySuffix, saveHistory } from './history-file.ts';
import { onInterrupt } from './interrupt.ts';
import { showLive } from './live.ts';
import { wholeOption } from './number-option.ts';
import { exitCodes, printJson } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

const seconds = { least: 1, most: 86_400, default: 60 };
const interval = { least: 10, most: 60_000, default: 100 };
const defaultFile = `recorded${historySuffix}`;

/** What says nothing about a guest that isn't migrated. */
const recordKeys = [
  'link',
  'guest',
  'workload',
  'load',
  'driver',
  'backend',
  'capabilities',
  'warmupMs',
  'seed',
];

const body: Body = async ([file], options, found) => {
  const problems = [...found];
  const durationMs = 1000 * (wholeOption(options, 'seconds', seconds, problems) ?? seconds.default);
  const intervalMs = wholeOption(options, 'interval', interval, problems) ?? interval.default;
  const out = (await historyFileOf(options['out'] ?? defaultFile, '--out', problems)) ?? defaultFile;
  const scenario = await loadScenario(file, overridesOf(options), problems);
  using interrupt = onInterrupt();
  const events = new Subject<RunEvent>();
  const live = showLive(`${scenario.name}: recording for ${durationMs / 1000} s`, events, process.stderr);
  try {
    const history = await recordHistory(
      scenario,
      { durationMs, intervalMs },
      { signal: interrupt.signal, events },
    );
    live.stop();
    const sha256 = await saveHistory(out, history);
    if (options['json'] === true)
      await printJson({ file: out, sha256, lengthMs: lengthMsOf(history), ...history.header });
    return exitCodes.completed;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    live.stop();
    events.complete();
  }
};

export const addRecordCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('record')
    .summary('record which pages a guest dirties, for `livemig predict`')
    .description(
      "Bring up a scenario's testbed and guest, calibrate its link, and record which pages the guest dirties, interval by " +
        'interval. Nothing is migrated.',
    )
    .usage('[scenario.yaml] [options]');
  addScenarioOptions(command, recordKeys)
    .option('--seconds <s>', `for how long, after the warm-up (default: ${seconds.default})`)
    .option('--interval <ms>', `length of an interval (default: ${interval.default})`)
    .option('--out <file>', `where to (default: ${defaultFile})`)
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  livemig record --workload cyclic:128MiB --seconds 60 --out cyclic.dirty.zst' +
        '\n  livemig record scenarios/start.yaml --driver sim --seconds 20' +
        '\n\nExit codes: 0 recorded, 1 not, 2 bad input.',
    );
  withBody(command, 1, exit, body);
};
