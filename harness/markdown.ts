/** Markdown whose lines are no longer than those of the project's own documents. */

/** Of a line, in characters. */
export const lineMaxCharacters = 120;

/** How long a text is, an emoji counted as one. */
export const charactersOf = (text: string): number => Array.from(text).length;

/** What would begin a list, a heading, a quotation or a table at the start of a line. */
const isMarkup = (word: string): boolean => /^([-+*>|=]+|#+|\d+[.)])$/.test(word);

/** Words; a code span with the spaces in it is one, and so is what must not begin a line with the word before it. */
const wordsOf = (text: string): string[] => {
  const words: string[] = [];
  for (const word of text.match(/(?:`[^`]*`|[^\s`]|`)+/g) ?? [])
    words.push(isMarkup(word) && words.length > 0 ? `${words.pop() ?? ''} ${word}` : word);
  return words;
};

/** @param hanging stands before every line but the first, which has `first` before it. */
export const wrapped = (text: string, first = '', hanging = ' '.repeat(first.length)): string[] => {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of wordsOf(text)) {
    if (!isEmpty && charactersOf(line) + 1 + charactersOf(word) > lineMaxCharacters) {
      lines.push(line);
      line = hanging;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
};

/** The rows of a table that is too wide for a line, each as an item: the first cell, then the others by their headings. */
export const rowsAsList = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.flatMap(([name = '', ...cells]) => {
    const told = cells.flatMap((cell, column) =>
      cell === '' ? [] : [cells.length === 1 ? cell : `${head[column + 1] ?? ''}: ${cell}`],
    );
    return wrapped([name, told.join('; ')].filter((text) => text !== '').join(' – '), '- ');
  });

/** Escapes text in a cell, so that it neither ends the cell nor counts as markup. */
export const escaped = (text: string): string =>
  text.replaceAll(/[\\|`*_<>[\]]/g, '\\$&').replaceAll('\n', ' ');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table; a list if it is too wide for a line. */
export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const texts = [head, ...rows.map((cells) => cells.map(escaped))];
  const widths = head.map((_, column) => Math.max(...texts.map((cells) => cells[column]?.length ?? 0)));
  const width = row(widths.map((each) => ' '.repeat(each))).length;
  if (width > lineMaxCharacters) return rowsAsList(head, texts.slice(1));
  return [row(head), row(head.map(() => '---')), ...texts.slice(1).map(row)];
};
