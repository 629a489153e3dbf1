import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LivemigError } from '../../proto/errors.ts';
import type { Owner } from '../testbed/owner.ts';
import { isDead, thisProcess } from '../testbed/owner.ts';

/** A run under way on this machine, as `livemig set`, `cancel` and `continue` find it. */
export interface RunningRun {
  /** The harness. */
  owner: Owner;
  runId: string;
  /** The scenario's. */
  name: string;
  /** gRPC targets of the agents. */
  agents: { source: string; wan: string };
  /** The hosts' addresses on the shaped network. */
  addresses: { source: string; destination: string };
}

/** This user's own: who may write into it may steer migrations. */
const directoryIn = (temporary: string): string =>
  join(temporary, `livemig-runs-${process.getuid?.() ?? 'user'}`);

const makeDirectory = async (temporary: string): Promise<string> => {
  const directory = directoryIn(temporary);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(directory);
  if ((process.getuid !== undefined && uid !== process.getuid()) || (mode & 0o022) !== 0)
    throw new LivemigError('TESTBED_FAILED', `expected a directory that only this user can write, got ${directory}: remove it, or set TMPDIR`); // prettier-ignore
  return directory;
};

/** Lets other processes of this user find the run until it is disposed. */
export const announceRun = async (
  run: Omit<RunningRun, 'owner'>,
  temporary: string = tmpdir(),
): Promise<AsyncDisposable> => {
  const file = join(await makeDirectory(temporary), `${run.runId}.json`);
  // Readers see all of it or nothing.
  await writeFile(`${file}.new`, JSON.stringify({ owner: thisProcess(), ...run } satisfies RunningRun));
  await rename(`${file}.new`, file);
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
};

const readRun = async (file: string): Promise<RunningRun | null> => {
  try {
    const run = JSON.parse(await readFile(file, 'utf8')) as RunningRun;
    if (!isDead(run.owner)) return run;
  } catch {
    // Ended in the meantime.
    return null;
  }
  await rm(file, { force: true });
  return null;
};

/** The run that is this process's. @throws LivemigError INTERNAL where there is none. */
export const ownRun = async (): Promise<RunningRun> => {
  const own = (await runningRuns()).find(({ owner }) => owner.pid === process.pid);
  if (own === undefined)
    throw new LivemigError('INTERNAL', 'expected a run under way in this process, there is none');
  return own;
};

/** The runs under way, by their harness's process; what dead harnesses left is removed. */
export const runningRuns = async (temporary: string = tmpdir()): Promise<RunningRun[]> => {
  const directory = directoryIn(temporary);
  const names = await readdir(directory).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json'));
  const runs = await Promise.all(files.map((file) => readRun(join(directory, file))));
  return runs.filter((run) => run !== null).sort((a, b) => a.owner.pid - b.owner.pid);
};
