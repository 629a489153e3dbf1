import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { LivemigError, messageOf } from '#proto/errors';
import type { RunEvent } from '../run/events.ts';
import type { RunResult } from '../result.ts';
import { recordLines } from '../files/lines.ts';
import { directoryProblems, fileProblems, isMissing, storageCodeOf } from '../files/places.ts';
import { sweepTemporaries } from '../files/temporary.ts';
import { appendLine, writeAtomically } from '../files/write.ts';
import { rescueResult, runsFileName } from '../store.ts';
import { driverNames } from '../testbed/testbed.ts';
import { differences } from './identity.ts';
import type { MadeRun } from './ledger.ts';
import { takeLock } from './lock.ts';
import { invalidateRuns, readRuns, repairRuns } from './runs-file.ts';
import { timestamp } from '../timestamp.ts';

/** `sweep.json`: the definition of the runs next to it. */
const headerSchema = z.object({
  schemaVersion: z.literal(1),
  sweepId: z.string(),
  identity: z.record(z.string(), z.string()),
  /** All runs of a set use one driver, the first invocation's. */
  driver: z.enum(driverNames),
  begunAt: z.iso.datetime(),
  resumedAt: z.array(z.iso.datetime()),
  /** The file's content and the plan, for people; nothing reads them. */
  definition: z.unknown(),
  plan: z.unknown(),
});
export type SweepHeader = z.infer<typeof headerSchema>;

/** The inputs of an invocation. */
export type Wanted = Pick<SweepHeader, 'identity' | 'driver' | 'definition' | 'plan'>;

export interface SweepRecording {
  /** Stores the result, and its events under the run's id. */
  finish(result: RunResult): Promise<void>;
  /** The run has no result worth keeping. No-op after `finish`. */
  discard(): Promise<void>;
}

/** The directory that a sweep writes; disposing releases it. */
export interface ResultSet extends AsyncDisposable {
  readonly sweepId: string;
  /** Runs of earlier invocations. */
  readonly made: readonly MadeRun[];
  /** An earlier harness was killed while it wrote its last result, which is lost. */
  readonly isTorn: boolean;
  /** Reports of other incomplete lines. */
  readonly torn: readonly string[];
  record(events: Observable<RunEvent>): Promise<SweepRecording>;
  append(result: RunResult): Promise<void>;
  invalidate(runIds: readonly string[], reasons: readonly string[]): Promise<void>;
}

const refuse = (problem: string, cause?: unknown): LivemigError =>
  new LivemigError('BAD_INPUT', problem, { problems: [problem], cause });

const refuseAll = (problems: readonly string[]): void => {
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
};

/** @throws LivemigError STORAGE_FAILED that says where the result is instead */
const orElsewhere = async (result: RunResult, store: () => Promise<void>): Promise<void> => {
  try {
    await store();
  } catch (cause) {
    const file = await rescueResult(result);
    const where = file === null ? 'it is lost, and its run will be repeated' : `it is in ${file}`;
    throw new LivemigError(storageCodeOf(cause), `a result could not be stored; ${where}`, { cause });
  }
};

/** What was predicted of runs, and what from. */
const predictionsName = 'predictions';

const files = (directory: string) => ({
  header: join(directory, 'sweep.json'),
  runs: join(directory, runsFileName),
  lock: join(directory, '.lock'),
  events: join(directory, 'events'),
  predictions: join(directory, predictionsName),
});

/** The header of an existing set; null if there is none. */
export const readHeader = async (directory: string): Promise<SweepHeader | null> => {
  const { header } = files(directory);
  try {
    return headerSchema.parse(JSON.parse(await readFile(header, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return null;
    throw refuse(`${header} isn't a sweep's header (${messageOf(error).split('\n', 1)[0] ?? ''})`, error);
  }
};

/** Moves an earlier set aside, to names that readers of result sets ignore. */
const putAside = async (directory: string): Promise<void> => {
  const stamp = timestamp().replaceAll(/[-:]|\.\d+/g, '');
  for (const name of ['sweep.json', runsFileName, 'events', predictionsName])
    await rename(join(directory, name), join(directory, name.replace(/(\.|$)/, `-until-${stamp}$1`))).catch(
      (error: unknown) => {
        if (!isMissing(error)) throw error;
      },
    );
};

/** The folder of a set's predictions. */
export const predictionsOf = (directory: string): string => files(directory).predictions;

/** The file of a set's runs. */
export const runsFileOf = (directory: string): string => files(directory).runs;

/** @throws LivemigError BAD_INPUT if the set belongs to another definition */
export const checkIdentity = (
  before: Pick<SweepHeader, 'identity'>,
  identity: SweepHeader['identity'],
  directory: string,
  others: readonly string[] = [],
): void => {
  const changes = [...differences(before.identity, identity), ...others];
  if (changes.length === 0) return;
  throw refuse(
    `${directory} holds runs of another definition (${changes.join('; ')}): resume with the original ` +
      'definition, choose another directory with --out, or start over with --fresh, which moves existing results aside',
  );
};

/** The set's header, to resume with. @throws LivemigError BAD_INPUT */
const headerOf = (before: SweepHeader | null, wanted: Wanted, directory: string): SweepHeader => {
  const now = timestamp();
  if (before === null)
    return { schemaVersion: 1, sweepId: randomUUID(), begunAt: now, resumedAt: [], ...wanted };
  const isSame = before.driver === wanted.driver;
  const change = isSame ? [] : [`driver was ${before.driver}, now ${wanted.driver}`];
  checkIdentity(before, wanted.identity, directory, change);
  return { ...before, resumedAt: [...before.resumedAt, now] };
};

/**
 * Opens (and creates) a sweep's directory, to start or to resume.
 * @param fresh moves an earlier set aside instead of resuming it.
 * @throws LivemigError BAD_INPUT if it can't be written, is in use, is damaged or belongs to another definition,
 *   STORAGE_FAILED if there is no space
 */
export const openResultSet = async (
  directory: string,
  wanted: Wanted,
  { fresh }: { fresh: boolean },
): Promise<ResultSet> => {
  const { header, runs, lock, events } = files(directory);
  const option = '--out';
  refuseAll(await directoryProblems(option, directory));
  using stack = new DisposableStack();
  stack.use(takeLock(lock));
  if (fresh) await putAside(directory);
  refuseAll([...(await directoryProblems(option, events)), ...(await fileProblems(option, runs))]);
  const mine = headerOf(await readHeader(directory), wanted, directory);
  const { runs: made, isTorn, torn } = await readRuns(runs);
  await repairRuns(runs);
  // From runs of a killed harness.
  for (const name of await readdir(events)) if (name.endsWith('.tmp')) await rm(join(events, name));
  sweepTemporaries(directory);
  await writeAtomically(header, `${JSON.stringify(mine, null, 2)}\n`);
  const held = stack.move();
  return {
    sweepId: mine.sweepId,
    made,
    isTorn,
    torn,
    record: async (told) => {
      const recording = recordLines(events, told);
      return {
        finish: async (result) => {
          await orElsewhere(result, () => appendLine(runs, result));
          await recording.keepAs(join(events, `${result.runId}.events.jsonl`));
        },
        discard: () => recording.discard(),
      };
    },
    append: (result) => orElsewhere(result, () => appendLine(runs, result)),
    invalidate: (runIds, reasons) => invalidateRuns(runs, runIds, reasons),
    [Symbol.asyncDispose]: async () => {
      held.dispose();
    },
  };
};
