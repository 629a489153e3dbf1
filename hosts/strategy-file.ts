import { createHash } from 'node:crypto';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { basename } from 'node:path';
import { getCallSites } from 'node:util';
import { LivemigError, messageOf } from '#proto/errors';
import type { StrategyTraits, TransferStrategy } from './ports.ts';

/** The user's own strategies. Agents run elsewhere, in a container for instance, so they are sent the file's text. */

const scheme = 'livemig-strategy:';
const api = 'livemig/strategy';
const texts = new Map<string, string>();
let isHooked = false;

/** The deepest that Node supports; a strategy may add more than its default of 10 frames. */
const callSitesMax = 200;

/** A strategy that ends its process would take a run's result, or a guest, with it: so that call is refused. */
const forbidExit = (): void => {
  for (const name of ['exit', 'abort', 'reallyExit'] as const) {
    const original = (process as unknown as Record<typeof name, (...args: unknown[]) => never>)[name];
    Object.defineProperty(process, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]): never => {
        if (getCallSites(callSitesMax).some(({ scriptName }) => scriptName.startsWith(scheme)))
          throw new LivemigError(
            'ILLEGAL_PHASE',
            `a strategy must not end its process, and called process.${name}`,
          );
        return original.apply(process, args);
      },
    });
  }
};

/** Imports the text under its own URL, so that a stack trace names file and line. */
const hook = (): void => {
  if (isHooked) return;
  isHooked = true;
  forbidExit();
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier.startsWith(scheme)) return { url: specifier, format: 'module', shortCircuit: true };
      if (context.parentURL?.startsWith(scheme) !== true) return next(specifier, context);
      if (specifier === api) return next(import.meta.resolve('#catalogue/strategy-api'), context);
      if (specifier.startsWith('node:')) return next(specifier, context);
      throw new Error(
        `a strategy is one file that imports nothing but ${api} and node: modules, not ${specifier}`,
      );
    },
    load: (url, context, next) => {
      const text = texts.get(url);
      return text === undefined ? next(url, context) : { format: 'module', source: text, shortCircuit: true };
    },
  });
};

/** SHA-256, in hex: identifies a strategy's text. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const isStrategy = (value: unknown): value is TransferStrategy =>
  typeof value === 'object' &&
  value !== null &&
  'migrate' in value &&
  typeof value.migrate === 'function' &&
  'name' in value &&
  typeof value.name === 'string';

const traitKinds: Readonly<Record<keyof StrategyTraits, string>> = {
  rounds: 'function',
  live: 'boolean',
  precopy: 'boolean',
  postcopy: 'boolean',
  stopRule: 'boolean',
  noDirtyBitmap: 'string',
};

/** What is wrong with the traits that a file declares; null = nothing. */
const traitProblem = (traits: unknown): string | null => {
  const known = Object.entries(traitKinds).map(([name, kind]) => `${name} (a ${kind})`);
  const expected = `expected traits of ${known.join(', ')}`;
  if (traits === undefined) return null;
  if (typeof traits !== 'object' || traits === null) return `${expected}, found a ${typeof traits}`;
  for (const [name, value] of Object.entries(traits))
    if ((traitKinds as Record<string, string | undefined>)[name] !== typeof value)
      return `${expected}, found ${name}, a ${typeof value}`;
  return null;
};

const refused = (file: string, why: string, cause?: unknown): LivemigError =>
  new LivemigError('BAD_INPUT', `strategy ${file}: ${why}`, {
    cause,
    problems: [`strategy ${file}: ${why}`],
  });

/** The parser puts the line before the stack. */
const importProblem = (cause: unknown): string => {
  if (!(cause instanceof Error)) return `its import throws ${messageOf(cause)}`;
  const { code, stack = '' } = cause as NodeJS.ErrnoException;
  const line = code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' ? /^[^\n]*:(\d+)\n/.exec(stack)?.[1] : undefined;
  return line === undefined ? messageOf(cause) : `line ${line}: ${messageOf(cause)}`;
};

const foundInstead = (module: { default?: unknown }): string => {
  const { default: exported } = module;
  if (typeof exported === 'object' && exported !== null)
    return `one of { ${Object.keys(exported).join(', ')} }`;
  if (exported !== undefined) return `a ${typeof exported}`;
  const names = Object.keys(module);
  return names.length === 0 ? 'no exports' : `no default among its exports, ${names.join(', ')}`;
};

/**
 * The strategy that a file exports by default.
 * @param text the file's; types are erased, not checked.
 * @throws LivemigError BAD_INPUT if it isn't one
 */
export const importStrategy = async (file: string, text: string): Promise<TransferStrategy> => {
  hook();
  const url = `${scheme}${digestOf(text).slice(0, 16)}/${basename(file)}`;
  let module: { default?: unknown };
  try {
    texts.set(url, file.endsWith('.ts') ? stripTypeScriptTypes(text) : text);
    module = (await import(url)) as { default?: unknown };
  } catch (cause) {
    throw refused(file, importProblem(cause), cause);
  }
  if (isStrategy(module.default)) {
    const problem = traitProblem(module.default.traits);
    if (problem === null) return module.default;
    throw refused(file, problem);
  }
  throw refused(
    file,
    `expected \`export default\` of { name, migrate(session, signal) }, found ${foundInstead(module)}`,
  );
};
