import type { Accounting } from '../measure/accounting.ts';
import type { RunResult } from '../result.ts';
import { readResults } from '../results.ts';
import { badInput } from '../scenario.ts';
import { defaultOut } from '../store.ts';
import { findStudies } from '../studies/index.ts';
import type { Judgement } from '../trends/judgement.ts';
import { judgementOf } from '../trends/judgement.ts';

export interface ValidateSettings {
  /** Names or folders; default all of livemig's. */
  studies?: readonly string[];
  /** How transferred bytes are counted; default `payload`. */
  accounting?: Accounting;
}

/**
 * Judges the trends of studies on runs of their sweeps.
 * @param runs results, or paths of directories and files that hold some; default `results/`.
 * @throws LivemigError BAD_INPUT with every problem of studies and results.
 */
export const validate = async (
  runs: string | readonly (string | RunResult)[] = defaultOut,
  { studies: words = [], accounting = 'payload' }: ValidateSettings = {},
): Promise<Judgement> => {
  const given = typeof runs === 'string' ? [runs] : runs;
  const problems: string[] = [];
  const studies = await findStudies(words, problems);
  const paths = given.filter((each) => typeof each === 'string');
  const read = paths.length === 0 ? [] : await readResults(paths, problems);
  if (problems.length > 0) throw badInput('validate', problems);
  return judgementOf([...given.filter((each) => typeof each !== 'string'), ...read], studies, { accounting });
};
