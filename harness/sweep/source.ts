import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { LivemigError, messageOf } from '../../proto/errors.ts';

/** Where in a document something is: keys and indexes from the top. */
export type Path = readonly PropertyKey[];

/** A file's content and where in the file each part of it is. */
export interface Source {
  file: string;
  document: unknown;
  /** Problems of its syntax. */
  problems: readonly string[];
  /** `scenarios/a.yaml:12: parts.hybrid.grid`: the line of what is there, or of the nearest that is around it. */
  at(path: Path): string;
}

/** Where the deepest node along a path begins; the key's beginning where it has one. */
const offsetOf = (yaml: Document, path: Path): number => {
  let node: unknown = yaml.contents;
  let offset = 0;
  for (const key of path.map(String)) {
    const holder = isAlias(node) ? node.resolve(yaml) : node;
    if (isMap(holder)) {
      const pair = holder.items.find((item) => String(item.key) === key);
      if (pair === undefined) break;
      if (isNode(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(holder)) {
      node = holder.items[Number(key)];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
};

/** The content of a sweep file, also with problems of syntax, so that they are told with all others. */
export const parseSource = (text: string, file: string): Source => {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { prettyErrors: true, lineCounter: lines, merge: true });
  const lineOf = (path: Path): number => Math.max(1, lines.linePos(offsetOf(yaml, path)).line);
  return {
    file,
    document: yaml.errors.length === 0 ? (yaml.toJS() as unknown) : null,
    // The first line says what and where; the rest quotes the file.
    problems: yaml.errors.map(({ message }) => `${file}: ${message.split('\n', 1)[0] ?? message}`),
    at: (path) => `${file}:${lineOf(path)}${path.length === 0 ? '' : `: ${path.map(String).join('.')}`}`,
  };
};

/** @throws LivemigError BAD_INPUT where the file can't be read */
export const readSource = async (file: string): Promise<Source> => {
  try {
    return parseSource(await readFile(file, 'utf8'), file);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = `sweep file ${file}: ${isMissing ? 'there is no such file' : messageOf(cause)}`;
    throw new LivemigError('BAD_INPUT', problem, { cause, problems: [problem] });
  }
};
