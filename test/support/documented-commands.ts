import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A line that a document tells its reader to type. */
export interface DocumentedCommand {
  document: string;
  /** Counted from 1. */
  line: number;
  text: string;
}

const fence = /^```(\w*)/;
const shells = ['sh', 'console', 'bash'];
const comment = /(^|\s+)# .*$/;

/** The commands in a document's blocks of shell lines, without comments. */
export const commandsIn = (document: string, text: string): DocumentedCommand[] => {
  let language: string | null = null;
  let begun = '';
  return text.split('\n').flatMap((each, index) => {
    const mark = fence.exec(each);
    if (mark !== null) {
      language = language === null ? (mark[1] ?? '') : null;
      return [];
    }
    if (language === null || !shells.includes(language)) return [];
    const command = `${begun}${each.replace(comment, '').trim()}`;
    // A line that ends so goes on in the next one.
    begun = command.endsWith('\\') ? command.slice(0, -1) : '';
    return command === '' || begun !== '' ? [] : [{ document, line: index + 1, text: command }];
  });
};

const documents = (): string[] =>
  globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  }).toSorted();

export const documentedCommands = (): DocumentedCommand[] =>
  documents().flatMap((document) => commandsIn(document, readFileSync(join(root, document), 'utf8')));
