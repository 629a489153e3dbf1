import { createHash } from 'node:crypto';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { basename } from 'node:path';
import { getCallSites } from 'node:util';
import { LivemigError, messageOf } from '../proto/errors.ts';
import type { TransferStrategy } from './ports.ts';

/** Strategies of the user's own. Agents run elsewhere, in a container for one, so they are sent the file's text. */

const scheme = 'livemig-strategy:';
const api = 'livemig/strategy';
const texts = new Map<string, string>();
let isHooked = false;

/** A strategy that ends its process would take a run's result, or a guest, with it: that is refused where it is called. */
const forbidExit = (): void => {
  for (const name of ['exit', 'abort', 'reallyExit'] as const) {
    const original = (process as unknown as Record<typeof name, (...args: unknown[]) => never>)[name];
    Object.defineProperty(process, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]): never => {
        if (getCallSites().some(({ scriptName }) => scriptName.startsWith(scheme)))
          throw new LivemigError(
            'ILLEGAL_PHASE',
            `a strategy must not end its process, and called process.${name}`,
          );
        return original.apply(process, args);
      },
    });
  }
};

/** Lets the text be imported under a URL of its own, so that a stack trace names file and line. */
const hook = (): void => {
  if (isHooked) return;
  isHooked = true;
  forbidExit();
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier.startsWith(scheme)) return { url: specifier, format: 'module', shortCircuit: true };
      if (context.parentURL?.startsWith(scheme) !== true) return next(specifier, context);
      if (specifier === api) return next(new URL('strategies/api.ts', import.meta.url).href, context);
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

/** SHA-256, in hex: says which text a strategy had. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const isStrategy = (value: unknown): value is TransferStrategy =>
  typeof value === 'object' &&
  value !== null &&
  'migrate' in value &&
  typeof value.migrate === 'function' &&
  'name' in value &&
  typeof value.name === 'string';

const refused = (file: string, why: string, cause?: unknown): LivemigError =>
  new LivemigError('BAD_INPUT', `strategy ${file}: ${why}`, {
    cause,
    problems: [`strategy ${file}: ${why}`],
  });

/** The parser tells the line in front of the stack. */
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
 * @throws LivemigError BAD_INPUT where it isn't one
 */
export const importStrategy = async (file: string, text: string): Promise<TransferStrategy> => {
  hook();
  const url = `${scheme}${digestOf(text).slice(0, 16)}/${basename(file)}`;
  let module: { default?: unknown };
  try {
    texts.set(url, file.endsWith('.ts') ? stripTypeScriptTypes(text, { sourceUrl: file }) : text);
    module = (await import(url)) as { default?: unknown };
  } catch (cause) {
    throw refused(file, importProblem(cause), cause);
  }
  if (isStrategy(module.default)) return module.default;
  throw refused(
    file,
    `expected \`export default\` of { name, migrate(session, signal) }, found ${foundInstead(module)}`,
  );
};
