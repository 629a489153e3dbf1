import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';

/** Not `import()`: a module that awaits can't be terminated with its thread, and vCPU threads are terminated. */
const load = createRequire(import.meta.url);
/** Of this file, and of those of the rooms: `.ts`, or `.js` in the npm package. */
const extension = extname(import.meta.url);

/** What every definition has. */
export interface Definition {
  /** Its name in scenarios, options and results: the file's name. */
  readonly name: string;
  /** Its description, in one line. */
  readonly help: string;
  /** The default of its room. */
  readonly isDefault?: true;
}

/**
 * The definitions of a room, a folder beside this file: the default export of each of its files. To add a definition,
 * add a file. Shared code is in the room's folder `parts`.
 * @returns them by name, sorted.
 * @throws Error if a file has no definition, or one with another name: a bug, which no input can cause.
 */
export const readRoom = <T extends Definition>(room: string): ReadonlyMap<string, T> => {
  const files = readdirSync(new URL(`${room}/`, import.meta.url)).filter((file) => file.endsWith(extension));
  const definitions = files.sort().map((file): [string, T] => {
    const { default: definition } = load(`./${room}/${file}`) as { default?: T };
    const name = file.slice(0, -extension.length);
    if (definition?.name !== name)
      throw new Error(`expected catalogue/${room}/${file} to define ${name}, got ${definition?.name}`);
    return [name, definition];
  });
  return new Map(definitions);
};

/**
 * The definition with this name.
 * @throws Error if there is none: names from outside have been validated before.
 */
export const definedAs = <T>(definitions: ReadonlyMap<string, T>, name: string): T => {
  const definition = definitions.get(name);
  if (definition === undefined)
    throw new Error(`expected one of ${[...definitions.keys()].join(', ')}, got ${name}`);
  return definition;
};

/**
 * The name of the default.
 * @throws Error unless there is exactly one: a bug.
 */
export const defaultOf = (definitions: ReadonlyMap<string, Definition>): string => {
  const [first, ...others] = [...definitions.values()].filter(({ isDefault }) => isDefault);
  if (first === undefined || others.length > 0)
    throw new Error(`expected one default among ${[...definitions.keys()].join(', ')}`);
  return first.name;
};
