import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { messageOf } from '#proto/errors';

/** A line of a strategy that its types don't allow. */
export interface TypeProblem {
  line: number;
  column: number;
  /** TypeScript's number of it. */
  code: number;
  says: string;
}

/** What types say of a strategy file. */
export type TypesChecked =
  | { state: 'passed' | 'failed'; typescript: string; problems: readonly TypeProblem[] }
  | { state: 'not-tried'; why: string };

/** What the thread is asked. */
export interface TypesAsked {
  file: string;
  /** The module `typescript`. */
  typescript: string;
  /** Where `livemig/strategy` is declared. */
  api: string;
}

/** On a busy machine; with nothing else to do it takes two seconds. */
const typesMaxMs = 60_000;

/** @param from a file, beside or above whose folder it is installed */
const typescriptFrom = (from: string): string | null => {
  try {
    return createRequire(pathToFileURL(from)).resolve('typescript');
  } catch {
    return null;
  }
};

/** The types of `livemig/strategy`: in a clone the source, in the package what was declared of it. */
const apiTypes = (): string => {
  const api = fileURLToPath(import.meta.resolve('#catalogue/strategy-api'));
  const declared = api.replace(/\.js$/, '.d.ts');
  return existsSync(declared) ? declared : api;
};

/**
 * Checks the types of a strategy file, if the project that it is in has TypeScript. In a thread, as a check takes seconds
 * in which nothing else would happen.
 * @param isWanted also with the TypeScript of the working directory, or livemig's own.
 */
export const checkTypes = async (
  file: string,
  isWanted: boolean,
  maxMs = typesMaxMs,
): Promise<TypesChecked> => {
  if (!file.endsWith('.ts')) return { state: 'not-tried', why: 'it is not TypeScript' };
  const froms = [
    resolve(file),
    ...(isWanted ? [join(process.cwd(), 'any'), fileURLToPath(import.meta.url)] : []),
  ];
  const [typescript] = froms.flatMap((from) => typescriptFrom(from) ?? []);
  if (typescript === undefined)
    return { state: 'not-tried', why: `there is no typescript for ${dirname(resolve(file))}` };
  const asked: TypesAsked = { file: resolve(file), typescript, api: apiTypes() };
  const worker = new Worker(new URL(import.meta.resolve('#harness/type-check-worker')), {
    workerData: asked,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let patience: NodeJS.Timeout | undefined;
  try {
    return await new Promise<TypesChecked>((answer) => {
      const none = (why: string): void => {
        answer({ state: 'not-tried', why });
      };
      patience = setTimeout(() => {
        none(`it did not end within ${maxMs / 1000} s`);
      }, maxMs);
      worker.on('message', answer);
      worker.on('error', (error: Error) => {
        none(messageOf(error));
      });
      worker.on('exit', () => {
        none('its thread ended');
      });
    });
  } finally {
    clearTimeout(patience);
    await worker.terminate();
  }
};
