import { z } from 'zod';
import { LivemigError } from '#proto/errors';
import { announcementsOf } from '../files/announced.ts';
import { ownerSchema, thisProcess } from '../testbed/owner.ts';

const text = z.string().min(1).max(1024);

/** A run under way on this machine, as `livemig set`, `cancel` and `continue` find it. */
const runSchema = z.object({
  /** The harness. */
  owner: ownerSchema,
  runId: text,
  /** The scenario's. */
  name: text,
  driver: text,
  /** gRPC targets of the agents; null: they are in the harness's process, and nobody else can reach them. */
  agents: z.object({ source: text, wan: text }).nullable(),
  /** The hosts' addresses on the shaped network. */
  addresses: z.object({ source: text, destination: text }),
  /** What is meant where nothing else is said. */
  migrationId: text.exactOptional(),
});
export type RunningRun = z.infer<typeof runSchema>;
/** One that takes orders from other processes. */
export type ReachableRun = RunningRun & { agents: NonNullable<RunningRun['agents']> };

export const isReachable = (run: RunningRun): run is ReachableRun => run.agents !== null;

const runs = announcementsOf('runs', 'a run', runSchema);

/**
 * Lets other processes of this user find the run until it is disposed, or this process ends.
 * @throws LivemigError TESTBED_FAILED
 */
export const announceRun = async (
  run: Omit<RunningRun, 'owner'>,
  temporary?: string,
): Promise<AsyncDisposable> => runs.announce(run.runId, { owner: thisProcess(), ...run }, temporary);

export interface FoundRuns {
  /** By their harness's process. */
  runs: RunningRun[];
  /** Files that no livemig of this user has written, and what is wrong with them. */
  ignored: string[];
}

/**
 * The runs under way; what dead harnesses left is removed.
 * @throws LivemigError TESTBED_FAILED where others may write where they are announced
 */
export const findRuns = async (temporary?: string): Promise<FoundRuns> => {
  const { found, ignored } = await runs.find(temporary);
  return { runs: found.toSorted((a, b) => a.owner.pid - b.owner.pid), ignored };
};

export const runningRuns = async (temporary?: string): Promise<RunningRun[]> =>
  (await findRuns(temporary)).runs;

/** The run that is this process's, in a testbed with sockets. @throws LivemigError INTERNAL where there is none. */
export const ownRun = async (): Promise<ReachableRun> => {
  const own = (await runningRuns()).filter(isReachable).find(({ owner }) => owner.pid === process.pid);
  if (own === undefined)
    throw new LivemigError('INTERNAL', 'expected a run under way in this process, there is none');
  return own;
};
