import { resolve } from 'node:path';
import { badInput } from '../scenario.ts';
import type { Study } from '../trends/study.ts';
import { folderOf, studyNames } from './folder.ts';
import { readStudy } from './read.ts';

/**
 * The requested studies.
 * @param words names of the project's studies, or paths of folders; without any, all of the project's
 * @param problems receives those of every folder
 */
export const findStudies = async (words: readonly string[], problems: string[]): Promise<Study[]> => {
  const wanted = new Map(
    (words.length === 0 ? studyNames() : words).map((word) => [resolve(folderOf(word)), word]),
  );
  const studies: Study[] = [];
  for (const word of wanted.values()) {
    const study = await readStudy(folderOf(word), word, problems);
    if (study === null) continue;
    if (studies.some(({ name }) => name === study.name))
      problems.push(`${word}: another study has the name ${study.name}, too; their runs would be mixed`);
    studies.push(study);
  }
  return studies;
};

/** All of the project's studies. @throws LivemigError BAD_INPUT with all their problems */
export const loadStudies = async (): Promise<Study[]> => {
  const problems: string[] = [];
  const studies = await findStudies([], problems);
  if (problems.length > 0) throw badInput('studies', problems);
  return studies;
};
