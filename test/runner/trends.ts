import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#proto/errors';
import { provideOwnPackage } from '#harness/cli/own-package';
import { readResults } from '#harness/results';
import { chooseDriver } from '#harness/testbed/index';
import { loadStudies } from '#harness/studies/index';
import type { Study } from '#harness/trends/study';
import { judge } from '#harness/trends/index';
import { interruptedCode, runNode } from './child.ts';
import { secondTakesOf } from './second-take.ts';
import type { Tally } from './tally.ts';
import { nothing, sum } from './tally.ts';
import { tallyOfTrends } from './trend-tally.ts';

/** Stays after the tests, so that a failed trend can be examined: its runs, and the report on them. */
const directory = join('results', 'trends');
/**
 * What all parts of a test run may take, in minutes. On a machine of half the speed, sweeps that have not ended by then
 * are stopped and told as skipped, instead of being cut off by whoever waits for the tests. CI waits for 85 minutes.
 */
export const testRunMostMinutes = 75;

/** Runs spoiled by a noisy machine are repeated, more often than by hand: nobody is watching. */
const retries = '8';

type Environment = Readonly<Record<string, string>>;

interface Round {
  /** The embedded driver keeps its testbed between the runs of a sweep, so all of it takes only minutes. */
  driver: 'netns' | 'docker';
  env: Environment;
  /** Parts of a study's quick sweep; none = all. */
  partsOf: (study: Study) => readonly string[];
}

const livemig = (args: readonly string[], env: Environment, signal: AbortSignal): Promise<number> =>
  runNode(['--disable-warning=ExperimentalWarning', 'harness/cli.ts', ...args], env, signal);

/** What a sweep's exit code counts as. @param isLate the time for all tests was over before it ended */
export const tallyOfSweep = (name: string, driver: string, code: number, isLate: boolean): Tally => {
  const what = `trends: sweep ${name} --quick, driver ${driver}`;
  if (code === 0) return nothing;
  if (code === interruptedCode && isLate)
    return {
      ...nothing,
      skipped: [
        `${what}: stopped, as the tests have taken ${testRunMostMinutes} minutes on this machine; ` +
          '`npm test -- --only trends` runs the sweeps alone',
      ],
    };
  return { ...nothing, failures: [`${what}, ended with ${code}`] };
};

interface Take {
  study: Study;
  /** None = all. */
  parts: readonly string[];
}

/** Sweeps one after the other, each into its own folder of `out`. */
const sweepAll = async (
  { driver, env }: Pick<Round, 'driver' | 'env'>,
  takes: readonly Take[],
  out: string,
  signal: AbortSignal,
  late: AbortSignal,
): Promise<Tally> => {
  let tally = nothing;
  for (const { study, parts } of takes) {
    const { name } = study;
    const only = parts.length === 0 ? [] : ['--only', parts.join(',')];
    const options = ['--fresh', '--driver', driver, '--retries', retries, '--out', join(out, name)];
    const code = await livemig(
      ['sweep', name, '--quick', ...only, ...options],
      env,
      AbortSignal.any([signal, late]),
    );
    tally = sum(tally, tallyOfSweep(name, driver, code, late.aborted && !signal.aborted));
  }
  return tally;
};

/** One driver's sweeps, judged; what would be red is measured a second time and judged on the runs of both takes. */
const runRound = async (
  round: Round,
  studies: readonly Study[],
  signal: AbortSignal,
  late: AbortSignal,
): Promise<Tally> => {
  const { driver, partsOf } = round;
  const first = join(directory, driver);
  const second = join(directory, `${driver}-second-take`);
  await rm(second, { recursive: true, force: true });
  await mkdir(second, { recursive: true });
  const takes = studies
    .filter(({ sweeps }) => sweeps.quick !== null)
    .map((study) => ({ study, parts: partsOf(study) }));
  let tally = await sweepAll(round, takes, first, signal, late);
  if (signal.aborted) return tally;
  const judgeTakes = async (...folders: string[]) => {
    const runs = await readResults(folders, [], console.warn);
    const verdicts = judge(runs, studies);
    // The whole sweep measures what a subset leaves out.
    const judged =
      driver === 'docker' ? verdicts.filter(({ verdict }) => verdict !== 'not measured') : verdicts;
    return { runs, judged };
  };
  const once = await judgeTakes(first);
  const again = secondTakesOf(once.judged, studies, once.runs);
  if (again.length === 0 || late.aborted) return sum(tally, tallyOfTrends(once.judged, studies, driver));
  for (const { study, parts, checks } of again)
    console.error(
      `\n== trends: ${study.name}, driver ${driver}: ${checks.join(', ')} failed: ${parts.join(', ')} once more`,
    );
  tally = sum(tally, await sweepAll(round, again, second, signal, late));
  return sum(tally, tallyOfTrends((await judgeTakes(first, second)).judged, studies, driver));
};

/**
 * The documents' trends on this machine: the studies' subsets in containers, then every study's quick sweep, judged. Each
 * check counts as a test. The subsets come first: they are short, and what is late is skipped.
 * @param engine the environment that reaches a Docker engine
 * @param late when it aborts, the time for all tests is over
 */
export const runTrends = async (
  engine: Environment,
  signal: AbortSignal,
  late: AbortSignal,
): Promise<Tally> => {
  console.error('\n== trends');
  const unsupported = await chooseDriver('netns').then(() => null, messageOf);
  if (unsupported !== null) return { ...nothing, skipped: [`trends: ${unsupported}`] };
  provideOwnPackage();
  const studies = await loadStudies();
  const withSubset = studies.filter(({ subset }) => subset.length > 0);
  const inContainers =
    engine['LIVEMIG_ENGINE'] === 'none'
      ? { ...nothing, skipped: ['trends in containers: there is no Docker engine'] }
      : await runRound(
          { driver: 'docker', env: engine, partsOf: ({ subset }) => subset },
          withSubset,
          signal,
          late,
        );
  const tally = sum(
    inContainers,
    await runRound({ driver: 'netns', env: {}, partsOf: () => [] }, studies, signal, late),
  );
  if (signal.aborted) return tally;
  await livemig(['validate', directory], {}, signal);
  await livemig(['report', directory, '--out', join(directory, 'report.html')], {}, signal);
  return tally;
};
