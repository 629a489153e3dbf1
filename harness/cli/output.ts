import { codeOf, LivemigError, messageOf, toErrorDocument } from '../../proto/errors.ts';
import { storageError } from '../files/places.ts';

export const exitCodes = { completed: 0, failed: 1, badInput: 2 } as const;

const isClosedPipe = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE';

/**
 * `livemig list links | head -1`: the reader has what it wanted, which is no failure. Whatever else is wrong with standard
 * output, `print` tells; and of standard error there is nobody to tell. Call once, at the start.
 */
export const tolerateBrokenStreams = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};

/** What a terminal takes as orders: C0 but tab and the end of a line, DEL, C1, and marks that turn the direction of text. */
const orders = /[^\P{Cc}\t\n\r]|\r(?!\n)|\p{Bidi_Control}/gu;

/**
 * Text from files, peers and agents may hold a terminal's orders: they are shown, not obeyed. In JSON the result means the
 * same as before.
 */
export const harmless = (text: string): string =>
  text.replace(orders, (order) => `\\u${order.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Standard output is for what was asked for; it is flushed when this resolves, also into a pipe.
 * @throws LivemigError STORAGE_FAILED where it is a file and the disk is full
 */
export const print = async (text: string): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(harmless(`${text}\n`), (error) => {
      if (error && !isClosedPipe(error)) reject(storageError("standard output can't be written", error));
      else resolve();
    });
  });
};

/** Standard error is for everything else. */
export const tell = (text: string): void => {
  process.stderr.write(harmless(`${text}\n`));
};

export const printJson = async (document: unknown): Promise<void> => print(JSON.stringify(document, null, 2));

const problemsOf = (error: unknown): readonly string[] => toErrorDocument(error).problems ?? [];

/** An error for people: every problem on a line of its own. */
export const errorText = (error: unknown): string => {
  const problems = problemsOf(error);
  if (codeOf(error) !== 'BAD_INPUT' || problems.length === 0) {
    const stack = codeOf(error) === 'INTERNAL' && error instanceof Error ? `\n${error.stack ?? ''}` : '';
    return `livemig: ${messageOf(error)}${stack}`;
  }
  if (problems.length === 1) return `livemig: ${problems[0] ?? ''}`;
  return [`livemig: ${problems.length} problems`, ...problems.map((problem) => `  - ${problem}`)].join('\n');
};

/** Tell of an error, with `--json` as a document on standard output as well. @returns the exit code. */
export const reportError = async (error: unknown, json: boolean): Promise<number> => {
  tell(errorText(error));
  // Where that is what went wrong, the document has no place to go to.
  if (json) await printJson({ error: toErrorDocument(error) }).catch(() => undefined);
  return codeOf(error) === 'BAD_INPUT' ? exitCodes.badInput : exitCodes.failed;
};

export const badUsage = (problems: readonly string[]): LivemigError =>
  new LivemigError('BAD_INPUT', problems.join('; '), { problems });
