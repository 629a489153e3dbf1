/**
 * Which npm packages an image needs: what a package.json names, and all that those need in turn. They are found where
 * Node finds them, so in the node_modules of a clone as well as around a livemig that npm or pnpm has installed.
 *
 *   node hosts/image/packages.ts FOLDER TO     copies those of FOLDER/package.json to TO/node_modules, as the Dockerfile does
 */
import { cpSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';

interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Readonly<Record<string, string>>;
  optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package of an image. */
export interface ImagePackage {
  /** `zod@4.6.7` */
  id: string;
  /** The folder that it is in. */
  from: string;
  /** Where the image has it: `node_modules/zod`, or inside the package that needs another version than the others. */
  to: string;
}

const modules = 'node_modules';

/** Some packages name the types of others, which nothing runs. */
const isOfUse = (name: string): boolean => !name.startsWith('@types/');

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Where Node finds `name` from inside `folder`; undefined = nowhere. */
const installedAt = (folder: string, name: string): string | undefined => {
  const place = join(folder, modules, name);
  if (existsSync(join(place, 'package.json'))) return realpathSync(place);
  return dirname(folder) === folder ? undefined : installedAt(dirname(folder), name);
};

/** The folder whose node_modules `place` is in; undefined = that is the image's own. */
const outerOf = (place: string): string | undefined =>
  place === '' ? undefined : place.slice(0, Math.max(0, place.lastIndexOf(modules) - 1));

/**
 * The packages that a folder's package.json needs, sorted by where they go.
 * @throws Error where one isn't installed; an optional one is for another platform then, and left out.
 */
export const packagesOf = (folder: string): ImagePackage[] => {
  const kept = new Map<string, ImagePackage>();
  /** What code at `place` of the image gets by this name. */
  const seenFrom = (place: string, name: string): ImagePackage | undefined => {
    const outer = outerOf(place);
    return kept.get(join(place, modules, name)) ?? (outer === undefined ? undefined : seenFrom(outer, name));
  };
  const visit = (from: string, place: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(from);
    const names = Object.keys({ ...dependencies, ...optionalDependencies }).filter(isOfUse);
    const added = names.flatMap((name) => {
      const found = installedAt(from, name);
      if (found === undefined && name in optionalDependencies) return [];
      if (found === undefined) throw new Error(`${name}, needed by ${from}, is not installed`);
      const seen = seenFrom(place, name);
      if (seen?.from === found) return [];
      const to = join(seen === undefined ? '' : place, modules, name);
      const { version = '' } = manifestOf(found);
      const each = { id: `${name}@${version}`, from: found, to };
      kept.set(to, each);
      return [each];
    });
    // After all of this package's own: they decide what those inside it see.
    for (const each of added) visit(each.from, each.to);
  };
  visit(realpathSync(folder), '');
  return [...kept.values()].sort((a, b) => (a.to < b.to ? -1 : 1));
};

/** Copies a folder's packages into `to`, without what is nested in them, as that is listed itself. */
export const copyPackages = (folder: string, to: string): void => {
  for (const { from, to: place } of packagesOf(folder))
    cpSync(from, join(to, place), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => path === from || basename(path) !== modules,
    });
};

if (import.meta.main) {
  const [folder = '.', to = '.'] = argv.slice(2);
  copyPackages(resolve(folder), to);
}
