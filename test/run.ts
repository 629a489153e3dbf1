/**
 * `npm test`: format, types, lint, unit tests, migrations over the loopback device, real migrations on real links, the
 * report in a real browser, the documents' trends. Ends with `N passed, N failed`.
 *
 *   npm test                              everything
 *   npm test -- --only unit               checks, unit, conformance, uml, testbed, browser or trends
 *   npm test -- --only fast               checks and unit tests, without the slow ones and the fuzzing: two minutes
 *   npm test -- test/unit/proto           what Jest is to run; further options go to Jest as well
 */
import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';
import { messageOf } from '#proto/errors';
import { interruptedCode } from './runner/child.ts';
import { readArguments } from './runner/arguments.ts';
import type { Part } from './runner/arguments.ts';
import { prepare } from './runner/prepare.ts';
import type { Preparations } from './runner/prepare.ts';
import { runChecks, runJest } from './runner/parts.ts';
import type { Tally } from './runner/tally.ts';
import { lastLine, nothing, sum } from './runner/tally.ts';
import { runTrends, testRunMostMinutes } from './runner/trends.ts';

const interruption = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (!controller.signal.aborted)
        console.error(`\nlivemig: ${name}: stopping the tests and their engine`);
      controller.abort(name);
    });
  return controller.signal;
};

/**
 * User-mode Linux has one CPU, which comes before the machine's other work. It takes minutes, so it begins with the unit
 * tests; beside it go these and migrations over the loopback device, which wait more than they compute. The real links
 * come when it has ended, as their rates are measured.
 */
const runTests = async (
  parts: readonly Part[],
  jestArgs: readonly string[],
  preparations: Preparations,
  signal: AbortSignal,
): Promise<Tally> => {
  const run = async (part: 'unit' | 'conformance' | 'uml' | 'testbed'): Promise<Tally> => {
    if (!parts.includes(part) || signal.aborted) return nothing;
    return runJest(part, jestArgs, part === 'testbed' ? await preparations.engine : {}, signal);
  };
  const computing = async (): Promise<Tally> => sum(await run('unit'), await run('conformance'));
  const emulated = async (): Promise<Tally> => {
    await preparations.tools;
    return run('uml');
  };
  const [computed, uml] = await Promise.all([computing(), emulated()]);
  return sum(sum(computed, uml), await run('testbed'));
};

const main = async (): Promise<number> => {
  chdir(fileURLToPath(new URL('..', import.meta.url)));
  const request = readArguments(process.argv.slice(2));
  if (typeof request === 'string') {
    console.error(`livemig: ${request}`);
    return 2;
  }
  const signal = interruption();
  const { parts, jestArgs } = request;
  const late = AbortSignal.timeout(testRunMostMinutes * 60_000);
  let tally = nothing;
  try {
    await using preparations = prepare(parts, signal);
    if (parts.includes('checks')) tally = sum(tally, await runChecks(signal));
    tally = sum(tally, await runTests(parts, jestArgs, preparations, signal));
    if (parts.includes('browser') && !signal.aborted)
      tally = sum(tally, await runJest('browser', jestArgs, {}, signal));
    if (parts.includes('trends') && !signal.aborted)
      tally = sum(tally, await runTrends(await preparations.engine, signal, late));
  } catch (error) {
    tally = sum(tally, { ...nothing, failures: [`the test run itself: ${messageOf(error)}`] });
  }
  if (tally.passed + tally.failures.length + tally.skipped.length === 0)
    tally = { ...nothing, failures: ['no test ran'] };
  console.log('');
  for (const name of tally.skipped) console.log(`skipped  ${name}`);
  for (const name of tally.failures) console.log(`FAILED   ${name}`);
  console.log(lastLine(tally));
  if (signal.aborted) return interruptedCode;
  return tally.failures.length === 0 ? 0 : 1;
};

process.exit(await main());
