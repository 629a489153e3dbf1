import { open, readFile, truncate } from 'node:fs/promises';
import { z } from 'zod';
import { errorCodes, LivemigError } from '../../proto/errors.ts';
import type { RunResult } from '../result.ts';
import { sweepOfRunSchema } from '../result/sweep.ts';
import { writeAtomically } from '../store.ts';
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

const parseLine = (text: string): MadeRun | string => {
  try {
    const line = lineSchema.safeParse(JSON.parse(text));
    if (!line.success) return `no result of a sweep (${line.error.issues[0]?.path.join('.') ?? ''})`;
    return madeRun(line.data) ?? 'no result of a sweep';
  } catch {
    return 'not JSON';
  }
};

/**
 * The runs of a `runs.jsonl`; none where there is no file. A last line that a killed harness left unfinished is cut off,
 * so that the next one doesn't continue it.
 * @throws LivemigError BAD_INPUT for a damaged line anywhere else
 */
export const readRuns = async (file: string): Promise<{ runs: MadeRun[]; isTorn: boolean }> => {
  const text = await readText(file);
  const end = text.lastIndexOf('\n') + 1;
  const isTorn = end < text.length;
  const runs = text
    .slice(0, end)
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return [];
      const run = parseLine(line);
      if (typeof run === 'string') throw damaged(file, index + 1, run);
      return [run];
    });
  if (isTorn) await truncate(file, Buffer.byteLength(text.slice(0, end)));
  return { runs, isTorn };
};

/** Makes results invalid that were stored as believed. */
export const invalidateRuns = async (
  file: string,
  runIds: readonly string[],
  reasons: readonly string[],
): Promise<void> => {
  const lines = (await readText(file)).split('\n').map((line) => {
    if (line.trim() === '') return line;
    const result = JSON.parse(line) as RunResult;
    return runIds.includes(result.runId) ? JSON.stringify(invalidated(result, reasons)) : line;
  });
  await writeAtomically(file, lines.join('\n'));
};

/** Makes sure that a file can be appended to, before a run is made for nothing. */
export const probeAppend = async (file: string): Promise<void> => {
  await (await open(file, 'a')).close();
};
