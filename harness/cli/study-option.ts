import type { Command } from 'commander';
import type { Study } from '../trends/study.ts';

export const addStudyOption = (command: Command): Command =>
  command.option(
    '--study <study>',
    'only this study: its name (`livemig list studies`) or folder; can be repeated',
    (value: string, before: readonly string[]) => [...before, value],
    [] as readonly string[],
  );

/** Studies by name or folder, by default all of the project's; problems of their folders are added to `problems`. */
export const studiesCalled = async (words: readonly string[], problems: string[]): Promise<Study[]> => {
  const { findStudies } = await import('../studies/index.ts');
  return findStudies(words, problems);
};

/** The studies that the option names. */
export const studiesOf = (
  { study }: Readonly<Record<string, unknown>>,
  problems: string[],
): Promise<Study[]> => studiesCalled(Array.isArray(study) ? study.map(String) : [], problems);
