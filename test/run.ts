/**
 * `npm test`: format, types, lint, unit tests, real migrations on real links, the report in a real browser, the
 * documents' trends. Ends with `N passed, N failed`.
 *
 *   npm test                              everything
 *   npm test -- --only unit               checks, unit, testbed, browser or trends
 *   npm test -- test/unit/proto           what Jest is to run; further options go to Jest as well
 */
import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../proto/errors.ts';
import { provideEngine } from '../setup/engine.ts';
import { ensureHostTools } from '../setup/host-tools.ts';
import { interruptedCode } from './runner/child.ts';
import { readArguments } from './runner/arguments.ts';
import { runChecks, runJest } from './runner/parts.ts';
import type { Tally } from './runner/tally.ts';
import { lastLine, nothing, sum } from './runner/tally.ts';
import { runTrends } from './runner/trends.ts';

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

/** What the drivers call, what the tests measure with, and the user-mode Linux that has the real netem. */
const hostTools = [
  'ip',
  'tc',
  'iptables',
  'ethtool',
  'unshare',
  'ping',
  'iperf3',
  'user-mode-linux',
  'busybox',
] as const;
/** What only tests with containers need: the image where no registry answers, and the compose file. */
const containerTools = ['debootstrap', 'docker-compose'] as const;

/** Tests that miss a tool are skipped, and say so by themselves. */
const provide = async (names: Parameters<typeof ensureHostTools>[0]): Promise<void> => {
  const { missing, reason } = await ensureHostTools(names);
  if (missing.length > 0) console.error(`livemig: ${reason}`);
};

/** The testbed tests, with the tools and the Docker engine that they want where those can be had. */
const runTestbedTests = async (jestArgs: readonly string[], signal: AbortSignal): Promise<Tally> => {
  await provide(hostTools);
  if (signal.aborted) return nothing;
  const engine = await provideEngine();
  if ('unsupported' in engine) {
    console.error(`livemig: no Docker tests: ${engine.unsupported}`);
    return runJest('testbed', jestArgs, { LIVEMIG_ENGINE: 'none' }, signal);
  }
  try {
    console.error(`livemig: Docker tests use ${engine.description}`);
    await provide(containerTools);
    return await runJest('testbed', jestArgs, engine.env, signal);
  } finally {
    await engine.stop();
  }
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
  let tally = nothing;
  try {
    if (parts.includes('checks')) tally = sum(tally, await runChecks(signal));
    if (parts.includes('unit')) tally = sum(tally, await runJest('unit', jestArgs, {}, signal));
    if (parts.includes('testbed') && !signal.aborted)
      tally = sum(tally, await runTestbedTests(jestArgs, signal));
    if (parts.includes('browser') && !signal.aborted) {
      await provide(['chromium']);
      tally = sum(tally, await runJest('browser', jestArgs, {}, signal));
    }
    if (parts.includes('trends') && !signal.aborted) {
      await provide(hostTools);
      tally = sum(tally, await runTrends(signal));
    }
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
