import type { ErrorCode } from './error-codes.ts';
import { errorCodes } from './error-codes.ts';
import { codeOfForeign } from './foreign-codes.ts';

export type { ErrorCode } from './error-codes.ts';
export { errorCodes } from './error-codes.ts';

/** The one error class of the project. Compare `code`, never the class: Jest runs tests in a separate realm. */
export class LivemigError extends Error {
  override readonly name = 'LivemigError';
  readonly code: ErrorCode;
  /** Every problem of bad input, one line each; empty for other codes. */
  readonly problems: readonly string[];

  /**
   * @param message What was expected, what was received, and what to do about it.
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; problems?: readonly string[] } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.problems = options.problems ?? [];
  }
}

/** How an error travels between processes and into results. */
export interface ErrorDocument {
  code: ErrorCode;
  message: string;
  problems?: readonly string[];
}

/** Anything can be thrown, even values without a string form. */
const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return `a value without a text (${typeof value})`;
  }
};

/** Maximum depth of causes, which may be circular. */
const causesMax = 10;

const messageTo = (error: unknown, depth: number): string => {
  if (!(typeof error === 'object' && error !== null && 'message' in error)) return textOf(error);
  const text = textOf(error.message);
  if (!('cause' in error) || error.cause === undefined || depth >= causesMax) return text;
  const cause = messageTo(error.cause, depth + 1);
  // A wrapper with the same text adds nothing.
  return cause === text || cause.startsWith(`${text}: `) ? cause : `${text}: ${cause}`;
};

/** The message of anything thrown, with its causes. */
export const messageOf = (error: unknown): string => messageTo(error, 0);

/** Anything thrown, as an error: `throw null` is a failure, too. */
export const asError = (thrown: unknown): Error =>
  typeof thrown === 'object' && thrown !== null && 'message' in thrown
    ? (thrown as Error)
    : new LivemigError('INTERNAL', `expected an Error to be thrown, got ${messageOf(thrown)}`);

const isErrorCode = (code: unknown): code is ErrorCode => errorCodes.includes(code as ErrorCode);

/** Whether it has a code of the list; foreign-codes.ts identifies errors of others. */
export const isOurs = (error: unknown): error is { code: ErrorCode } =>
  typeof error === 'object' && error !== null && 'code' in error && isErrorCode(error.code);

/** The code of anything thrown; `INTERNAL` if neither the list nor the table of foreign codes has it. */
export const codeOf = (error: unknown): ErrorCode => {
  if (isOurs(error)) return error.code;
  return (typeof error === 'object' && error !== null ? codeOfForeign(error) : null) ?? 'INTERNAL';
};

export const toErrorDocument = (error: unknown): ErrorDocument => {
  const problems =
    typeof error === 'object' && error !== null && 'problems' in error
      ? (error.problems as readonly string[])
      : [];
  return { code: codeOf(error), message: messageOf(error), ...(problems.length > 0 ? { problems } : {}) };
};

export const fromErrorDocument = (document: ErrorDocument): LivemigError =>
  new LivemigError(document.code, document.message, { problems: document.problems ?? [] });

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/** An error from the wire. An invalid one becomes an error too, as there is no answer either way. */
export const readErrorDocument = (document: unknown): LivemigError => {
  if (typeof document === 'object' && document !== null) {
    const { code, message, problems = [] } = document as Record<string, unknown>;
    if (isErrorCode(code) && typeof message === 'string' && isTextList(problems))
      return fromErrorDocument({ code, message, problems });
  }
  return new LivemigError(
    'PROTOCOL_VIOLATION',
    'expected an error with a code of the list, got something else',
  );
};
