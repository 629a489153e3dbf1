import type { ReachableRun, RunningRun } from '../run/running.ts';
import { findRuns, isReachable } from '../run/running.ts';
import { badUsage } from './output.ts';

/** Which run under way a command means. */

/** `4711 (start)` */
export const nameOf = ({ owner, name }: RunningRun): string => `${owner.pid} (${name})`;

/** @throws LivemigError BAD_INPUT for a run in its harness's process, which is over within moments anyway. */
const demandReachable = (run: RunningRun): ReachableRun => {
  if (isReachable(run)) return run;
  throw badUsage([
    `expected a run in a testbed with agents of its own, got ${nameOf(run)}, whose driver ${run.driver} computes it inside ` +
      'its process: no other terminal reaches it. Set its limits in the scenario, or end it with Ctrl-C in its own ' +
      'terminal; to steer a migration while it runs, take driver netns or docker',
  ]);
};

/** @throws LivemigError BAD_INPUT unless exactly one run matches, and takes orders */
export const chooseRun = async (wanted: unknown): Promise<ReachableRun> => {
  const { runs, ignored } = await findRuns();
  if (wanted !== undefined) {
    const run = runs.find(({ owner }) => String(owner.pid) === wanted);
    if (run !== undefined) return demandReachable(run);
  } else {
    const reachable = runs.filter(isReachable);
    const [run] = reachable.length === 0 ? runs : reachable;
    if (run !== undefined && reachable.length <= 1) return demandReachable(run);
  }
  const nothing =
    ignored.length === 0 ? 'nothing is running' : `no run of this user is running: ${ignored.join('; ')}`;
  const known = runs.length === 0 ? nothing : `running: ${runs.map(nameOf).join(', ')}`;
  throw badUsage([
    wanted === undefined && runs.length > 0
      ? `several migrations are running: choose one with --run PROCESS; ${known}`
      : `expected a running \`livemig run\` or \`livemig sweep\`; ${known}`,
  ]);
};

/** Whether it is still under way. */
export const isUnderWay = async ({ runId }: ReachableRun): Promise<boolean> =>
  (await findRuns()).runs.some((run) => run.runId === runId);

/** The current migration, not a later one. */
export const itsMigration = ({ migrationId }: ReachableRun): { migrationId?: string } =>
  migrationId === undefined ? {} : { migrationId };
