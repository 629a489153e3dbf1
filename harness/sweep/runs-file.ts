import { readFile, truncate } from 'node:fs/promises';
import { z } from 'zod';
import { errorCodes, LivemigError } from '#proto/errors';
import { jsonLinesOf, tornText } from '../files/json-lines.ts';
import { isMissing, storageCodeOf } from '../files/places.ts';
import type { RunResult } from '../result.ts';
import { sweepOfRunSchema } from '../result/sweep.ts';
import { withFileLocked, writeAtomically } from '../files/write.ts';
import { invalidated } from './invalidated.ts';
import type { MadeRun } from './ledger.ts';
import { madeRun } from './ledger.ts';

/** The fields needed to resume; readers of results validate the rest. */
const lineSchema = z.object({
  runId: z.string(),
  state: z.enum(['completed', 'failed', 'invalid', 'aborted', 'unsupported']),
  durationMs: z.number(),
  error: z.object({ code: z.enum(errorCodes) }).nullable(),
  link: z.object({ calibration: z.object({ durationMs: z.number() }).nullable() }),
  sweep: sweepOfRunSchema,
});

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
};

const damaged = (file: string, line: number, why: string): LivemigError => {
  const problem = `${file}:${line}: ${why}; correct or remove the line, or start over with --fresh`;
  return new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

const runOf = (document: unknown): MadeRun | string => {
  const line = lineSchema.safeParse(document);
  if (!line.success) return `no result of a sweep (${line.error.issues[0]?.path.join('.') ?? ''})`;
  return madeRun(line.data) ?? 'no result of a sweep';
};

export interface StoredRuns {
  runs: MadeRun[];
  /** The last line is incomplete, as an earlier harness was killed while writing it; it is ignored. */
  isTorn: boolean;
  /** Reports of other incomplete lines. */
  torn: string[];
}

/**
 * The runs of a `runs.jsonl`; none if there is no file. Read-only.
 * @throws LivemigError BAD_INPUT for a line that no sweep has written
 */
export const readRuns = async (file: string): Promise<StoredRuns> => {
  const text = await readText(file);
  const end = text.lastIndexOf('\n') + 1;
  const lines = jsonLinesOf(text.slice(0, end));
  const runs = lines.flatMap((line) => {
    if (line.isTorn) return [];
    const run = line.document === undefined ? 'not JSON' : runOf(line.document);
    if (typeof run === 'string') throw damaged(file, line.number, run);
    return [run];
  });
  const torn = lines.filter(({ isTorn }) => isTorn).map((line) => tornText(file, line));
  return { runs, isTorn: end < text.length, torn };
};

/** Creates the file, and removes an incomplete last line. Only the holder of the set's lock may call it. */
export const repairRuns = (file: string): Promise<void> =>
  withFileLocked(file, async () => {
    const bytes = await readFile(file);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) await truncate(file, end);
  });

/**
 * Marks stored results as invalid.
 * @throws LivemigError STORAGE_FAILED, naming those that are not marked
 */
export const invalidateRuns = async (
  file: string,
  runIds: readonly string[],
  reasons: readonly string[],
): Promise<void> => {
  const mark = (line: string): string => {
    // Skips incomplete lines.
    const [result] = jsonLinesOf(line).map(({ document }) => document as RunResult | undefined);
    return result !== undefined && runIds.includes(result.runId)
      ? JSON.stringify(invalidated(result, reasons))
      : line;
  };
  try {
    await withFileLocked(file, async () => {
      await writeAtomically(file, (await readText(file)).split('\n').map(mark).join('\n'));
    });
  } catch (cause) {
    throw new LivemigError(storageCodeOf(cause), `runs made over a wrong link (${reasons.join('; ')}) could not be marked as invalid, don't rely on them: ${runIds.join(', ')}`, { cause }); // prettier-ignore
  }
};
