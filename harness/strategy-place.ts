/** A line of the strategy's file. */
export interface Place {
  line: number;
  column: number;
}

/** How the strategy's own file is named in stack traces (hosts/strategy-file.ts). */
const scheme = 'livemig-strategy:';
const ownFrame = new RegExp(String.raw`${scheme}[^\s()]*:(\d+):(\d+)`);
const framesMax = 40;
const stackMaxCharacters = 20_000;

export const isOwnScript = (url: string): boolean => url.startsWith(scheme);

/** The innermost line of the strategy's file in a stack trace; null = there is none. For people: nothing depends on it. */
const placeIn = (stack: unknown): Place | null => {
  if (typeof stack !== 'string') return null;
  const [, line, column] = ownFrame.exec(stack.slice(0, stackMaxCharacters)) ?? [];
  return line === undefined ? null : { line: Number(line), column: Number(column) };
};

/** Where anything thrown comes from; it may have no stack, or one that throws. */
export const placeOfError = (error: unknown): Place | null => {
  try {
    return typeof error === 'object' && error !== null && 'stack' in error ? placeIn(error.stack) : null;
  } catch {
    return null;
  }
};

/** The line of the strategy that is at work, also where it awaits what has called this. */
export const placeNow = (): Place | null => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = framesMax;
  try {
    return placeIn(new Error('here').stack);
  } finally {
    Error.stackTraceLimit = before;
  }
};
