/** Everything that can go wrong, as a closed list. A new failure gets a code here first. */
export const errorCodes = [
  /** The user's input is wrong; `problems` lists every fault of it. Exit code 2. */
  'BAD_INPUT',
  /** This machine can't do what was asked; the message says what is missing and how to get it. */
  'UNSUPPORTED',
  /** A host, namespace, container, image or engine couldn't be brought up. */
  'TESTBED_FAILED',
  /** tc, iptables or NFQUEUE refused the link, or it reads back other than it was set. */
  'LINK_NOT_APPLIED',
  /** Calibration measured a link other than its profile says. */
  'LINK_OUT_OF_TOLERANCE',
  /** An agent didn't answer, or its connection broke. */
  'AGENT_UNREACHABLE',
  /** A peer broke the migration protocol: wrong version, order, size or content. */
  'PROTOCOL_VIOLATION',
  /** TLS: a peer's certificate is not what the migration's authority signed, or not valid by this host's clock. */
  'CERTIFICATE_REFUSED',
  /** A phase was asked for out of the legal order. */
  'ILLEGAL_PHASE',
  /** Pre-copy reached its bound without converging. */
  'NOT_CONVERGED',
  /** The migration was cancelled. */
  'CANCELLED',
  /** Pages were lost, stale or corrupt, or the guest was live on both hosts. */
  'INTEGRITY_VIOLATED',
  /** Two measurements of the same thing disagree beyond their bound. */
  'CROSS_CHECK_FAILED',
  /** Something took longer than its bound. */
  'TIMEOUT',
  /** A file couldn't be written or locked: the disk is full, or its place is gone. */
  'STORAGE_FAILED',
  /** A fault of livemig itself. */
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The one error class of the project. Compare `code`, never the class: Jest runs tests in a realm of its own. */
export class LivemigError extends Error {
  override readonly name = 'LivemigError';
  readonly code: ErrorCode;
  /** Every problem of a bad input, one line each; empty for other codes. */
  readonly problems: readonly string[];

  /**
   * @param message What was expected, what came instead, and what to do about it.
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

/** Anything can be thrown, also what has no text. */
const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return `a value without a text (${typeof value})`;
  }
};

/** How deep causes are followed: they may contain each other. */
const causesMax = 10;

const messageTo = (error: unknown, depth: number): string => {
  if (!(typeof error === 'object' && error !== null && 'message' in error)) return textOf(error);
  const text = textOf(error.message);
  if (!('cause' in error) || error.cause === undefined || depth >= causesMax) return text;
  const cause = messageTo(error.cause, depth + 1);
  // Whoever passes an error on in the same words says nothing new.
  return cause === text || cause.startsWith(`${text}: `) ? cause : `${text}: ${cause}`;
};

/** The message of anything thrown, with its causes. */
export const messageOf = (error: unknown): string => messageTo(error, 0);

/** What was thrown, as an error: `throw null` is a failure, too. */
export const asError = (thrown: unknown): Error =>
  typeof thrown === 'object' && thrown !== null && 'message' in thrown
    ? (thrown as Error)
    : new LivemigError('INTERNAL', `expected an Error to be thrown, got ${messageOf(thrown)}`);

const isErrorCode = (code: unknown): code is ErrorCode => errorCodes.includes(code as ErrorCode);

/** The code of anything thrown; what isn't ours is `INTERNAL`. */
export const codeOf = (error: unknown): ErrorCode =>
  typeof error === 'object' && error !== null && 'code' in error && isErrorCode(error.code)
    ? error.code
    : 'INTERNAL';

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

/** An error from the wire. What isn't one is one of its own: whoever waits for an answer has none, either way. */
export const readErrorDocument = (json: string): LivemigError => {
  try {
    const { code, message, problems = [] } = JSON.parse(json) as Record<string, unknown>;
    if (isErrorCode(code) && typeof message === 'string' && isTextList(problems))
      return fromErrorDocument({ code, message, problems });
  } catch {
    // Not even JSON.
  }
  return new LivemigError('PROTOCOL_VIOLATION', `expected an error document, got ${json.slice(0, 100)}`);
};
