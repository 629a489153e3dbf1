import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

/** What each file imports, types included, as paths among these files. */
export const importsOf = (
  files: readonly string[],
  textOf: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): Map<string, string[]> => {
  const known = new Set(files);
  const pathOf = (from: string, name: string): string => {
    if (name.startsWith('#')) return `${name.slice(1)}.ts`;
    return name.startsWith('.') ? posix.join(posix.dirname(from), name) : '';
  };
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(textOf(file), true, true);
      const paths = importedFiles.map(({ fileName }) => pathOf(file, fileName));
      return [file, paths.filter((path) => known.has(path))];
    }),
  );
};

/** A path from a file back to itself, for every file that has one and isn't on an earlier one's path. */
export const circlesIn = (imports: ReadonlyMap<string, readonly string[]>): string[][] => {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at !== -1) circles.push([...way.slice(at), file]);
    if (at !== -1 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
};
