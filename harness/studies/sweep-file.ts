import { badInput } from '../scenario.ts';
import { unknownName } from '../nearest.ts';
import { folderOf, isPath, isStudyFolder, studyNames } from './folder.ts';
import { findStudies } from './index.ts';

/** What stands for a sweep, and which one of a study. */
export interface SweepChoice {
  /** A study's name or folder, or the path of a sweep file. */
  word: string;
  /** The quick sweep of a study, instead of the full one. */
  isQuick: boolean;
  /** What the caller's user calls that: `--quick`. */
  quickName: string;
}

/**
 * The sweep file that is meant.
 * @param problems known ones, reported together with those of the study.
 * @throws LivemigError BAD_INPUT
 */
export const sweepFileOf = async (
  { word, isQuick, quickName }: SweepChoice,
  problems: string[],
): Promise<string> => {
  if (!isStudyFolder(folderOf(word))) {
    if (isQuick) problems.push(`${quickName}: expected the name or the folder of a study, got ${word}`);
    if (!isPath(word) && !/\.ya?ml$/.test(word))
      throw badInput(word, [
        ...problems,
        `${unknownName('study', word, studyNames())}, or the path of a sweep file`,
      ]);
    return word;
  }
  const [study] = await findStudies([word], problems);
  if (study === undefined) throw badInput(word, problems);
  const file = isQuick ? study.sweeps.quick : study.sweeps.full;
  if (file !== null) return file;
  throw badInput(word, [...problems, `${word}: the study has no ${isQuick ? 'quick.yaml' : 'sweep'}`]);
};
