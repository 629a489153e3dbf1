import type { Command } from 'commander';
import { LivemigError, messageOf, toErrorDocument } from '#proto/errors';
import { formatMs, formatRate } from '../format.ts';
import { endKept, statusOfKept } from '../keeper/client.ts';
import { Keeper } from '../keeper/keeper.ts';
import { findKept, traitsOf } from '../keeper/kept.ts';
import type { KeptDescription } from '../keeper/kept.ts';
import type { KeptStatus } from '../keeper/messages.ts';
import { serveKeeper } from '../keeper/serve.ts';
import { reportToStarter, startKeeper } from '../keeper/start.ts';
import type { RunEvent } from '../run/events.ts';
import { findRuns } from '../run/running.ts';
import type { Scenario } from '../scenario.ts';
import { loadScenario } from '../scenario.ts';
import { chooseDriver } from '../testbed/index.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { wholeOption } from './number-option.ts';
import { badUsage, errorText, exitCodes, printJson, printText, tell } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

/** Commands about testbeds that stay up between runs: `up`, `ps`, `down`. */

const idleMinutesBounds = { least: 1, most: 1440 };
const defaultIdleMinutes = 10;

/** `9.42 Gb/s, 5.46 ms` */
const linkText = ({ rttMs, goodputMbps }: KeptStatus): string =>
  rttMs === null || goodputMbps === null
    ? 'not calibrated'
    : `${formatRate(goodputMbps)}, ${formatMs(rttMs)}`;

const minutesText = (ms: number): string => `${Math.max(1, Math.round(ms / 60_000))} min`;

const phaseText = (event: RunEvent): string | null =>
  event.type === 'phase' ? [event.phase, event.detail ?? ''].filter((part) => part !== '').join(': ') : null;

/** Why there is nothing that could be kept; undefined = there is. */
const unkeptDrivers: Readonly<Record<string, string>> = {
  sim: 'driver sim has no testbed: its runs start at once',
  attach: 'the hosts of driver attach are up already',
};

/** Keeps a testbed until it is told to end. @returns the exit code */
const keep = async (scenario: Scenario, idleMaxMs: number): Promise<number> => {
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const driver = await chooseDriver(scenario.driver);
    const events = {
      next: (event: RunEvent): void => {
        const text = phaseText(event);
        if (text === null) return;
        tell(text);
        void reportToStarter({ report: 'progress', text });
      },
    };
    const keeper = new Keeper({ scenario, driver, idleMaxMs, signal, events, tell });
    try {
      await keeper.bringUp();
    } catch (error) {
      await keeper.end();
      throw error;
    }
    const why = await serveKeeper(keeper, {
      traits: traitsOf(scenario, driver.name),
      signal,
      onReady: async () => {
        tell(`${scenario.link} is up: ${linkText(keeper.status)}`);
        await reportToStarter({ report: 'ready', status: keeper.status });
        if (process.connected) process.disconnect();
      },
    });
    tell({ idle: 'down, as it was idle', down: 'down, as told', signal: 'down' }[why]);
    return interrupt.exitCode ?? exitCodes.completed;
  } catch (error) {
    await reportToStarter({ report: 'failed', error: toErrorDocument(error) });
    tell(errorText(error));
    return interrupt.exitCode ?? exitCodes.failed;
  }
};

const upBody: Body = async ([file], options, problems) => {
  const others = [...problems];
  const idleMinutes = wholeOption(options, 'idle-minutes', idleMinutesBounds, others) ?? defaultIdleMinutes;
  const scenario = await loadScenario(file, overridesOf(options), others);
  const unkept = unkeptDrivers[scenario.driver];
  if (unkept !== undefined) throw badUsage([`driver: ${unkept}`]);
  if (options['foreground'] === true) return keep(scenario, idleMinutes * 60_000);
  using interrupt = onInterrupt();
  try {
    const { pid, status } = await startKeeper(
      [...process.argv.slice(1), '--foreground'],
      interrupt.signal,
      tell,
    );
    if (options['json'] === true) await printJson({ pid, link: scenario.link, ...status });
    else
      await printText(
        `${scenario.link} is up: ${linkText(status)}; process ${pid} keeps it\n` +
          `livemig run and livemig watch use it over this link; livemig down ends it, and so do ${idleMinutes} ` +
          'minutes without a run',
      );
    return exitCodes.completed;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  }
};

interface Kept {
  kept: KeptDescription;
  /** null: its keeper doesn't answer; `problem` says why. */
  status: KeptStatus | null;
  problem: string | null;
}

const statusOf = async (kept: KeptDescription): Promise<Kept> => {
  try {
    return { kept, status: await statusOfKept(kept), problem: null };
  } catch (error) {
    return { kept, status: null, problem: messageOf(error) };
  }
};

const keptText = ({ kept: { owner, link, driver, storage }, status, problem }: Kept): string[] => {
  const first = `testbed ${owner.pid}  ${link.name}, ${driver}${storage ? ', with a storage host' : ''}`;
  if (status === null) return [first, `  ${problem ?? ''}`];
  const { state, run, runs, endsInMs, warnings } = status;
  const doing = run === null ? state : `${state} ${run}`;
  const ends = endsInMs === null ? '' : `, ends in ${minutesText(endsInMs)}`;
  return [
    first,
    `  ${linkText(status)}; ${runs} ${runs === 1 ? 'run' : 'runs'}; ${doing}${ends}`,
    ...warnings.map((warning) => `  ${warning}`),
  ];
};

const psBody: Body = async (_words, options, problems) => {
  refuse(problems);
  const { found, ignored } = await findKept();
  const testbeds = await Promise.all(found.map(statusOf));
  const { runs, ignored: ignoredRuns } = await findRuns();
  for (const text of [...ignored, ...ignoredRuns]) tell(text);
  if (options['json'] === true)
    await printJson({
      testbeds: testbeds.map(({ kept, status, problem }) => ({
        pid: kept.owner.pid,
        link: kept.link.name,
        driver: kept.driver,
        backend: kept.backend,
        congestionControl: kept.congestionControl,
        storage: kept.storage,
        status,
        problem,
      })),
      runs: runs.map(({ owner, runId, name, driver }) => ({ pid: owner.pid, runId, name, driver })),
    });
  else {
    const lines = [
      ...testbeds.flatMap(keptText),
      ...runs.map(({ owner, name, driver }) => `run ${owner.pid}  ${name}, ${driver}`),
    ];
    await printText(lines.length === 0 ? 'no testbed is kept, and no run is under way' : lines.join('\n'));
  }
  return exitCodes.completed;
};

const downBody: Body = async ([wanted], _options, problems) => {
  refuse(problems);
  const { found, ignored } = await findKept();
  for (const text of ignored) tell(text);
  const known = found.map(({ owner, link }) => `${owner.pid} (${link.name})`).join(', ');
  const chosen =
    wanted === undefined
      ? found
      : found.filter(({ owner, link }) => String(owner.pid) === wanted || link.name === wanted);
  if (chosen.length === 0)
    throw badUsage([
      wanted === undefined
        ? 'no testbed is kept'
        : `expected the process or the link of a kept testbed, got ${wanted}; ${known === '' ? 'none is kept' : `kept: ${known}`}`,
    ]);
  const failures: string[] = [];
  for (const kept of chosen) {
    try {
      await endKept(kept);
      await printText(`${kept.link.name} (process ${kept.owner.pid}) is down`);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  if (failures.length > 0) throw new LivemigError('TESTBED_FAILED', failures.join('; '));
  return exitCodes.completed;
};

const upHelp = `
Examples:
  livemig up --link coleraine-halifax                 shaped and calibrated once; then as often as you like:
  livemig run --link coleraine-halifax --strategy post-copy
  livemig down

A run uses a kept testbed if link, driver, backend, congestion control and storage host are the same. Each run has fresh
agents; the round trip is measured before it, and the throughput afterwards. Edited code of livemig itself isn't used by
a testbed that is up already, and livemig says so.

Exit codes: 0 it is up (--foreground: it is down again), 1 it couldn't be brought up, 2 bad input, 130 Ctrl-C.`;

export const addKeptCommands = (program: Command, exit: Exit): void => {
  const up = program
    .command('up')
    .summary('keep a calibrated testbed up for the next runs')
    .description('Bring a testbed up, calibrate its link, and keep it in the background for the next runs.')
    .usage('[scenario.yaml] [options]');
  addScenarioOptions(up, ['link', 'guest.disk', 'driver', 'backend', 'congestionControl'])
    .option(
      '--idle-minutes <n>',
      `minutes without a run after which it ends by itself, ${idleMinutesBounds.least} to ${idleMinutesBounds.most} (default: ${defaultIdleMinutes})`,
    )
    .option('--foreground', 'keep it in this process, until Ctrl-C')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', upHelp);
  withBody(up, 1, exit, upBody);

  const ps = program
    .command('ps')
    .summary('list kept testbeds and runs under way')
    .description('List the testbeds that `livemig up` keeps, and the runs under way on this machine.')
    .option('--json', 'one JSON document on standard output');
  withBody(ps, 0, exit, psBody);

  const down = program
    .command('down')
    .summary('take kept testbeds down')
    .description('Take a kept testbed down, by the process that keeps it or its link; without either, all.')
    .usage('[process|link]');
  withBody(down, 1, exit, downBody);
};
