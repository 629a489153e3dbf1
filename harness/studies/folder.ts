import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's own studies; only this folder defines which ones exist. */
const room = fileURLToPath(new URL('../../studies/', import.meta.url));

/** What makes a folder a study. Those of the npm package are compiled. */
const definitionFiles = ['study.ts', 'study.js'] as const;

/** A study's definition: the first of the names in the folder, or where it is expected. */
export const definitionIn = (folder: string): string => {
  const [expected, ...others] = definitionFiles.map((name) => join(folder, name));
  return [expected!, ...others].find((file) => existsSync(file)) ?? expected!;
};

/** Names of the project's studies, sorted: each is a folder. */
export const studyNames = (): string[] =>
  readdirSync(room, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();

/** Whether a word of the command line is a path. */
export const isPath = (word: string): boolean => /[/\\]|^\.\.?$/.test(word);

/** A study by its name, or by the path of its folder. */
export const folderOf = (word: string): string =>
  isPath(word) ? word : relative(process.cwd(), join(room, word));

export const nameOf = (folder: string): string => basename(resolve(folder));

export const isStudyFolder = (folder: string): boolean => existsSync(definitionIn(folder));

/** The experiments that a sweep file may name: the project's, and that of the study whose folder contains it. */
export const experimentsFor = (sweepFile: string): string[] => {
  const folder = dirname(resolve(sweepFile));
  return [...new Set([...studyNames(), ...(isStudyFolder(folder) ? [basename(folder)] : [])])];
};
