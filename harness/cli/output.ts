import { codeOf, LivemigError, messageOf, toErrorDocument } from '#proto/errors';
import { storageError } from '../files/places.ts';
import { fitted } from './terminal.ts';

/** `thresholds`: everything ran, and a threshold doesn't hold; the code is k6's. */
export const exitCodes = { completed: 0, failed: 1, badInput: 2, thresholds: 99 } as const;

const isClosedPipe = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE';

/**
 * `livemig list links | head -1`: a closed pipe is no failure. `print` reports any other error of standard output;
 * errors of standard error can't be reported. Call once, at the start.
 */
export const tolerateBrokenStreams = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};

/**
 * Terminal control characters: C0 except tab and newline, DEL, C1, and bidirectional marks.
 */
const orders = /[^\P{Cc}\t\n\r]|\r(?!\n)|\p{Bidi_Control}/gu;

/**
 * Escapes control characters in text from files, peers and agents. The meaning of JSON is unchanged.
 */
export const harmless = (text: string): string =>
  text.replace(orders, (order) => `\\u${order.charCodeAt(0).toString(16).padStart(4, '0')}`);

const write = async (text: string): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error && !isClosedPipe(error)) reject(storageError("standard output can't be written", error));
      else resolve();
    });
  });
};

/**
 * Standard output is for the requested output; it is flushed when this resolves, even into a pipe. This is a document:
 * JSON, CSV, Markdown, a name that a script reads.
 * @throws LivemigError STORAGE_FAILED if it is a file and the disk is full
 */
export const print = (text: string): Promise<void> => write(harmless(`${text}\n`));

/** The requested output as a text for people, as their terminal can show it. @throws as `print` */
export const printText = (text: string): Promise<void> =>
  write(fitted(harmless(`${text}\n`), process.stdout));

/** Standard error is for everything else. */
export const tell = (text: string): void => {
  process.stderr.write(`${fitted(harmless(text), process.stderr)}\n`);
};

export const printJson = async (document: unknown): Promise<void> => print(JSON.stringify(document, null, 2));

const problemsOf = (error: unknown): readonly string[] => toErrorDocument(error).problems ?? [];

/** An error for people: one line per problem. */
export const errorText = (error: unknown): string => {
  const problems = problemsOf(error);
  if (codeOf(error) !== 'BAD_INPUT' || problems.length === 0) {
    const stack = codeOf(error) === 'INTERNAL' && error instanceof Error ? `\n${error.stack ?? ''}` : '';
    return `livemig: ${messageOf(error)}${stack}`;
  }
  if (problems.length === 1) return `livemig: ${problems[0] ?? ''}`;
  return [`livemig: ${problems.length} problems`, ...problems.map((problem) => `  - ${problem}`)].join('\n');
};

/** Reports an error, with `--json` also as a document on standard output. @returns the exit code */
export const reportError = async (error: unknown, json: boolean): Promise<number> => {
  tell(errorText(error));
  // If standard output is what failed, the document can't be written.
  if (json) await printJson({ error: toErrorDocument(error) }).catch(() => undefined);
  return codeOf(error) === 'BAD_INPUT' ? exitCodes.badInput : exitCodes.failed;
};

export const badUsage = (problems: readonly string[]): LivemigError =>
  new LivemigError('BAD_INPUT', problems.join('; '), { problems });
