import { messageOf } from '#proto/errors';

/** A line of a file that holds a JSON document a line. */
export interface JsonLine {
  /** From 1. */
  number: number;
  text: string;
  /** What it holds; undefined where that is no JSON. */
  document: unknown;
  /** Why it is none. */
  why: string;
  /**
   * It begins as a document does: a killed writer, or a full disk, has left it, and what it should have held was never
   * whole. Anything else that is no JSON was put there by somebody else.
   */
  isTorn: boolean;
  /** It is the last one, and lacks its end. */
  isUnfinished: boolean;
}

const parse = (text: string): { document: unknown; why: string } => {
  try {
    return { document: JSON.parse(text) as unknown, why: '' };
  } catch (error) {
    return { document: undefined, why: `not JSON (${messageOf(error)})` };
  }
};

/** The lines of a text but the empty ones. */
export const jsonLinesOf = (text: string): JsonLine[] => {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const { document, why } = parse(line);
    const isTorn = document === undefined && line.startsWith('{');
    return [
      { number: index + 1, text: line, document, why, isTorn, isUnfinished: index === lines.length - 1 },
    ];
  });
};

/** What is told of a torn line: nothing can be done about it, and nothing need be. */
export const tornText = (file: string, { number, why, isUnfinished }: JsonLine): string =>
  `${file}:${number}: ${why}: ${isUnfinished ? 'unfinished, as' : 'torn, as'} a killed process or a full disk leaves a ` +
  'line; it is left out, and may be removed';
