import type { Command } from 'commander';
import { Subject } from 'rxjs';
import { loadRateMaxPerSecond } from '#proto/service';
import { serviceOf } from '#catalogue/workloads';
import { fileProblems } from '../files/places.ts';
import type { LoadStep } from '../load-sweep.ts';
import { saturationOf, sweepLoad } from '../load-sweep.ts';
import { csvText } from '../report/csv.ts';
import { loadSweepTable, loadSweepText } from '../report/load-sweep.ts';
import type { RunEvent } from '../run/events.ts';
import { loadScenario } from '../scenario.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { showLive } from './live.ts';
import { wholeOption } from './number-option.ts';
import { badUsage, exitCodes, printJson, printText } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';
import { saveOrRescue } from './save.ts';

const rate = { least: 1, most: loadRateMaxPerSecond };
const defaults = { low: 500, high: 6000, step: 500, seconds: 10 } as const;
const seconds = { least: 1, most: 600 };
const ratesMost = 200;

/** What says nothing about a guest that isn't migrated. */
const loadKeys = ['link', 'guest', 'workload', 'load', 'driver', 'backend', 'warmupMs', 'seed'];

const body: Body = async ([file], options, found) => {
  const problems = [...found];
  const low = wholeOption(options, 'low', rate, problems) ?? defaults.low;
  const high = wholeOption(options, 'high', rate, problems) ?? Math.max(low, defaults.high);
  const step = wholeOption(options, 'step', rate, problems) ?? defaults.step;
  const durationMs = 1000 * (wholeOption(options, 'seconds', seconds, problems) ?? defaults.seconds);
  if (high < low) problems.push(`--high: expected at least --low, ${low}, got ${high}`);
  const count = Math.floor((high - low) / step) + 1;
  if (count > ratesMost) problems.push(`--step: expected at most ${ratesMost} rates, got ${count}`);
  const csv = options['csv'];
  if (typeof csv === 'string') problems.push(...(await fileProblems('--csv', csv)));
  const overrides = overridesOf(options);
  // The rates are the sweep's; what a scenario says of arrivals and time limit stays.
  const scenario = await loadScenario(
    file,
    overrides['load'] === undefined && file === undefined ? { ...overrides, load: low } : overrides,
    problems,
  );
  if (serviceOf(scenario.workload) === null || scenario.load === undefined)
    throw badUsage([
      `workload: expected one that answers requests, like service:128MiB, got ${scenario.workload.name}`,
    ]);
  const ratesPerSecond = Array.from({ length: count }, (_, nth) => low + nth * step);
  using interrupt = onInterrupt();
  const events = new Subject<RunEvent>();
  const live = showLive(
    `${scenario.name}: ${count} rates, ${low} to ${high} requests/s`,
    events,
    process.stderr,
  );
  const steps: LoadStep[] = [];
  try {
    await sweepLoad(
      scenario,
      { ratesPerSecond, durationMs },
      { signal: interrupt.signal, events, onStep: (done) => steps.push(done) },
    );
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    live.stop();
    events.complete();
  }
  if (typeof csv === 'string') await saveOrRescue(csv, csvText(loadSweepTable(steps)));
  if (options['json'] === true)
    await printJson({ scenario, seconds: durationMs / 1000, saturation: saturationOf(steps), steps });
  else await printText(loadSweepText(steps));
  // A failure is never a number: without one good rate there is nothing to tell.
  return steps.some(({ doubt }) => doubt === null) ? exitCodes.completed : exitCodes.failed;
};

export const addLoadCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('load')
    .summary('find the rate of requests at which a service in the guest is saturated')
    .description(
      "Bring up a scenario's testbed and guest, and send its service requests at one rate after the other, as autobench " +
        'does. Nothing is migrated. The service is saturated where less than 98 % of the requests are answered, or where ' +
        "p95 is more than ten times the lowest rate's.",
    )
    .usage('[scenario.yaml] [options]');
  addScenarioOptions(command, loadKeys)
    .option('--low <rate>', `first rate, in requests/s (default: ${defaults.low})`)
    .option('--high <rate>', `last rate (default: ${defaults.high})`)
    .option('--step <rate>', `from one to the next (default: ${defaults.step})`)
    .option('--seconds <s>', `for how long each (default: ${defaults.seconds})`)
    .option('--csv <file>', 'write the table as CSV, too')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  livemig load --link lan-1g --guest 512MiB --workload service:128MiB --low 500 --high 6000' +
        '\n  livemig load scenarios/modcs-service.yaml --seconds 5 --csv rates.csv' +
        '\n\nExit codes: 0 measured, 1 not, 2 bad input.',
    );
  withBody(command, 1, exit, body);
};
