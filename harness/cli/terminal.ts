import { createRequire } from 'node:module';
import { styleText } from 'node:util';
import type wrapAnsi from 'wrap-ansi';

/** Text as a terminal can show it: wrapped at words, in its characters, with colour where it has some. */

/** A stream that may be a terminal. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}
type Env = Readonly<Record<string, string | undefined>>;

/** Whether it takes orders, such as to go up a line. */
export const takesOrders = ({ isTTY }: Screen, env: Env = process.env): boolean =>
  isTTY === true && env['TERM'] !== 'dumb';

/** What a continued line begins with, beyond its own indentation. */
const hang = '    ';
/** Narrower ones are no terminals that somebody reads on. */
const columnsMin = 20;

/** Loaded for the first line that is too long: it takes as long as all else that a command loads of other people's. */
const load = createRequire(import.meta.url);
let wrap: typeof wrapAnsi | undefined;
const wrapper = (): typeof wrapAnsi => (wrap ??= (load('wrap-ansi') as { default: typeof wrapAnsi }).default);

const wrapLine = (line: string, columns: number): string => {
  if (line.length <= columns) return line;
  const indent = /^ */.exec(line)![0];
  const room = Math.max(columnsMin, columns - indent.length - hang.length);
  const [first = '', ...others] = wrapper()(line.slice(indent.length), room, { trim: true }).split('\n');
  return [`${indent}${first}`, ...others.map((part) => `${indent}${hang}${part.trimStart()}`)].join('\n');
};

/** No line longer than the terminal, unless a single word is. */
export const wrapped = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => wrapLine(line, columns))
    .join('\n');

const inAscii: readonly (readonly [RegExp, string])[] = [
  [/[–—]/g, '-'],
  [/·/g, '-'],
  [/…/g, '...'],
  [/µ/g, 'u'],
  [/×/g, 'x'],
  [/≥/g, '>='],
  [/≤/g, '<='],
  [/[’‘]/g, "'"],
  [/[“”]/g, '"'],
  [/→/g, '->'],
  [/κ/g, 'kappa'],
  [/²/g, '^2'],
  [/±/g, '+-'],
];

/** Whether the user asks for nothing but ASCII; a locale that isn't set asks for nothing. */
const isAsciiOnly = (env: Env): boolean => {
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => env[name] ?? '').find((value) => value !== '');
  return locale === 'C' || locale === 'POSIX';
};

/** livemig's own signs in ASCII; other people's names stay as they are. */
const ascii = (text: string): string =>
  inAscii.reduce((plain, [sign, instead]) => plain.replace(sign, instead), text);

type Colour = 'green' | 'red' | 'yellow';

/** Words that a reader looks for, at the beginning of a line, or as a verdict at its end. */
const coloured: readonly (readonly [RegExp, Colour])[] = [
  [/^( *)(completed|ok|fixed|holds|improvement)\b/gm, 'green'],
  [/^( *)(failed|FAILED|fails|invalid|INVALID|missing|not fixed|regression|livemig:)(?=[\s:]|$)/gm, 'red'],
  [/^( *)(aborted|unsupported|contested|not measured)\b/gm, 'yellow'],
  [/( {2,})(holds|improvement)$/gm, 'green'],
  [/( {2,})(fails|regression)$/gm, 'red'],
];

const withColour = (text: string): string =>
  coloured.reduce(
    (shown, [words, colour]) =>
      shown.replace(words, (_, before: string, word: string) =>
        // Whether this stream and the environment want colour is asked by the caller.
        `${before}${styleText(colour, word, { validateStream: false })}`,
      ),
    text,
  ); // prettier-ignore

/** NO_COLOR and FORCE_COLOR as elsewhere (no-color.org); TERM=dumb has none. */
const hasColour = (screen: Screen, env: Env): boolean =>
  (env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0'
    ? true
    : (env['NO_COLOR'] ?? '') === '' && takesOrders(screen, env);

/** A text for people, as this stream can show it. It is harmless already: no order in it is anybody else's. */
export const fitted = (text: string, screen: Screen, env: Env = process.env): string => {
  const plain = isAsciiOnly(env) ? ascii(text) : text;
  const { isTTY, columns = 0 } = screen;
  const lines = isTTY === true && columns >= columnsMin ? wrapped(plain, columns) : plain;
  return hasColour(screen, env) ? withColour(lines) : lines;
};
