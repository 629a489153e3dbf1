import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { messageOf } from '#proto/errors';
import { readBounded } from './bounded-file.ts';

/** Where in a document something is: keys and indexes from the top. */
export type Path = readonly PropertyKey[];

/** A file's content and where in the file each part of it is. */
export interface Source {
  file: string;
  /** Plain values only, as JSON has them; null where there are problems. */
  document: unknown;
  /** Problems of its syntax, and of YAML that isn't plain values, each with its line. */
  problems: readonly string[];
  /** `scenarios/a.yaml:12` */
  line(path: Path): string;
  /** `scenarios/a.yaml:12: parts.hybrid.grid`: the line of what is there, or of the nearest that is around it. */
  at(path: Path): string;
}

/** No file of ours comes near: the largest sweep has 10 KiB. */
export const textMaxBytes = 1 << 20;
/** How often aliases may be resolved: the library's own bound against bombs. */
const aliasesMax = 100;

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

const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

const isMergeable = (value: unknown, yaml: Document): boolean => {
  const node = isAlias(value) ? value.resolve(yaml) : value;
  return isMap(node) || (isSeq(node) && node.items.every((item) => isMergeable(item, yaml)));
};

const pairProblem = ({ key, value }: Pair, yaml: Document): string | null => {
  const name = isScalar(key) ? key.value : key;
  if (name === '__proto__') return 'the key "__proto__" is not allowed';
  if (name === '<<' && !isMergeable(value, yaml))
    return 'expected a mapping, or an alias of one, behind the merge key "<<"';
  return null;
};

/** What of a node isn't a plain value; null = nothing. */
const nodeProblem = (node: Node, around: readonly unknown[], yaml: Document): string | null => {
  if (isAlias(node)) {
    const named = node.resolve(yaml);
    if (named === undefined)
      return `unknown alias "*${node.source}": its anchor "&${node.source}" must stand before it`;
    return around.includes(named) ? `the alias "*${node.source}" contains itself` : null;
  }
  return node.tag === undefined || plainTags.has(node.tag)
    ? null
    : `expected plain values (text, numbers, lists, mappings), got the tag ${node.tag}`;
};

/** Problems of content that is YAML, but more than the plain values that our files are made of. */
const contentProblems = (yaml: Document, lineAt: (offset: number) => string): string[] => {
  const problems: string[] = [];
  visit(yaml, (_, node, around) => {
    const problem = isPair(node)
      ? pairProblem(node, yaml)
      : isNode(node)
        ? nodeProblem(node, around, yaml)
        : null;
    if (problem === null) return;
    const place = isPair(node) ? node.key : node;
    problems.push(`${lineAt((isNode(place) ? place.range?.[0] : undefined) ?? 0)}: ${problem}`);
  });
  return problems;
};

/** The document's plain values; what the library refuses only now is a problem, too. */
const valuesOf = (yaml: Document, file: string): { document: unknown; problems: string[] } => {
  try {
    return { document: yaml.toJS({ maxAliasCount: aliasesMax }) as unknown, problems: [] };
  } catch (error) {
    return { document: null, problems: [`${file}: ${messageOf(error)}`] };
  }
};

/** The content of a file, also with problems, so that they are told with all others. Never throws. */
export const parseSource = (text: string, file: string): Source => {
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    prettyErrors: true,
    lineCounter: lines,
    merge: true,
    stringKeys: true,
    logLevel: 'error',
  });
  const lineAt = (offset: number): string => `${file}:${Math.max(1, lines.linePos(offset).line)}`;
  // The first line says what and where; the rest quotes the file.
  const syntax = yaml.errors.map(({ message }) => `${file}: ${message.split('\n', 1)[0] ?? message}`);
  const problems = syntax.length > 0 ? syntax : contentProblems(yaml, lineAt);
  const read = problems.length > 0 ? { document: null, problems } : valuesOf(yaml, file);
  return {
    file,
    ...read,
    line: (path) => lineAt(offsetOf(yaml, path)),
    at: (path) =>
      `${lineAt(offsetOf(yaml, path))}${path.length === 0 ? '' : `: ${path.map(String).join('.')}`}`,
  };
};

/**
 * Reads a file of plain YAML.
 * @param what it is meant to be, for messages: `sweep file`.
 * @throws LivemigError BAD_INPUT where the file can't be read
 */
export const readSource = (file: string, what: string): Source =>
  parseSource(readBounded(file, what, textMaxBytes), file);
