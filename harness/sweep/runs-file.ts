import { readFile, truncate } from 'node:fs/promises';
import { z } from 'zod';
import { errorCodes, LivemigError } from '../../proto/errors.ts';
import { jsonLinesOf, tornText } from '../files/json-lines.ts';
import type { RunResult } from '../result.ts';
import { sweepOfRunSchema } from '../result/sweep.ts';
import { withFileLocked, writeAtomically } from '../files/write.ts';
import { invalidated } from './invalidated.ts';
import type { MadeRun } from './ledger.ts';
import { madeRun } from './ledger.ts';

/** What is needed to go on; whoever reads the results validates all of it. */
const lineSchema = z.object({
  runId: z.string(),
  state: z.enum(['completed', 'failed', 'invalid', 'aborted', 'unsupported']),
  durationMs: z.number(),
  error: z.object({ code: z.enum(errorCodes) }).nullable(),
  link: z.object({ calibration: z.object({ durationMs: z.number() }).nullable() }),
  sweep: sweepOfRunSchema,
});

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
};

const damaged = (file: string, line: number, why: string): LivemigError => {
  const problem = `${file}:${line}: ${why}; mend or remove the line, or start over with --fresh`;
  return new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

const runOf = (document: unknown): MadeRun | string => {
  const line = lineSchema.safeParse(document);
  if (!line.success) return `no result of a sweep (${line.error.issues[0]?.path.join('.') ?? ''})`;
  return madeRun(line.data) ?? 'no result of a sweep';
};

export interface StoredRuns {
  runs: MadeRun[];
  /** The last line lacks its end: an earlier harness was killed while it wrote it. It counts as nothing. */
  isTorn: boolean;
  /** What is to be told of other lines that were never whole. */
  torn: string[];
}

/**
 * The runs of a `runs.jsonl`; none where there is no file. Touches nothing.
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

/** Makes the file, and cuts off a last line that lacks its end. Only the set's holder may call it. */
export const repairRuns = (file: string): Promise<void> =>
  withFileLocked(file, async () => {
    const bytes = await readFile(file);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) await truncate(file, end);
  });

/**
 * Makes results invalid that were stored as believed.
 * @throws LivemigError STORAGE_FAILED, and says which are still believed
 */
export const invalidateRuns = async (
  file: string,
  runIds: readonly string[],
  reasons: readonly string[],
): Promise<void> => {
  const mark = (line: string): string => {
    // A torn line is nobody's.
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
    throw new LivemigError('STORAGE_FAILED', `runs made over a wrong link (${reasons.join('; ')}) could not be marked, don't believe them: ${runIds.join(', ')}`, { cause }); // prettier-ignore
  }
};
