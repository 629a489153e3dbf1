import { join } from 'node:path';
import { messageOf } from '../../proto/errors.ts';
import { readResults } from '../../harness/results.ts';
import { chooseDriver } from '../../harness/testbed/index.ts';
import { judge } from '../../harness/trends/index.ts';
import { runNode } from './child.ts';
import type { Tally } from './tally.ts';
import { nothing, sum } from './tally.ts';
import { tallyOfTrends } from './trend-tally.ts';

/** Stays after the tests, so that a failed trend can be looked at: its runs, and the report on them. */
const directory = join('results', 'trends');
/** The embedded driver: it keeps its testbed between the runs of a sweep, so that this takes minutes. */
const driver = 'netns';
/** Runs that a noisy machine spoils are made again, more often than by hand: nobody looks on. */
const retries = '8';
const sweeps = ['icclab-10g', 'ulster-wan'] as const;

const livemig = (args: readonly string[], signal: AbortSignal): Promise<number> =>
  runNode(['--disable-warning=ExperimentalWarning', 'harness/cli.ts', ...args], {}, signal);

/** The documents' trends on this machine: both quick sweeps, judged. Each check counts as a test. */
export const runTrends = async (signal: AbortSignal): Promise<Tally> => {
  console.error('\n== trends');
  const unsupported = await chooseDriver(driver).then(() => null, messageOf);
  if (unsupported !== null) return { ...nothing, skipped: [`trends: ${unsupported}`] };
  let tally = nothing;
  for (const name of sweeps) {
    const file = `scenarios/quick/${name}.yaml`;
    const code = await livemig(
      ['sweep', file, '--fresh', '--driver', driver, '--retries', retries, '--out', join(directory, name)],
      signal,
    );
    if (code !== 0)
      tally = sum(tally, { ...nothing, failures: [`trends: sweep ${file} ended with ${code}`] });
  }
  if (signal.aborted) return tally;
  await livemig(['validate', directory], signal);
  await livemig(['report', directory, '--out', join(directory, 'report.html')], signal);
  return sum(tally, tallyOfTrends(judge(await readResults([directory], [], console.warn))));
};
