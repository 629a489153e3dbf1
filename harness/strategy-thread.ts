import type { MessagePort } from 'node:worker_threads';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Limits } from '#catalogue/limits';
import type { ErrorDocument } from '#proto/errors';
import type { StrategyTraits } from '#hosts/ports';
import { fromErrorDocument, LivemigError, messageOf } from '#proto/errors';

/** What the thread says of a strategy's file. */
export type Imported = Stated | { error: ErrorDocument };

/** A strategy's name, and what it states of itself. */
export interface Stated {
  name: string;
  traits: Omit<StrategyTraits, 'rounds'>;
  /** Whether it has rounds, by each of the limits that were asked about; empty where it doesn't say. */
  rounds: (true | string)[];
}

export interface Importable {
  file: string;
  text: string;
  /** By which its traits are asked for. */
  limits?: readonly Limits[];
}

/** The example takes a tenth of a second, on a machine with nothing else to do. */
const importMaxMs = 10_000;

/** What a thread of a strategy's gets: the strategy, and where it says what it has to say. */
export type ThreadData = Importable & { port: MessagePort };

export interface ThreadEvents<Said> {
  said: (said: Said) => void;
  /** The thread has ended, by an error that nothing caught or on its own; all that it said was heard before. */
  ended: (error: Error | null) => void;
}

/**
 * A thread for a strategy of the user's own, whose prints don't get between what the harness prints. Node delivers what a
 * thread said and that it failed by two ways, in any order: so what it said is fetched before its end is told.
 */
export const strategyWorker = <Said>(script: URL, strategy: Importable, on: ThreadEvents<Said>): Worker => {
  const { port1: own, port2: port } = new MessageChannel();
  const workerData: ThreadData = { ...strategy, port };
  const worker = new Worker(script, {
    workerData,
    transferList: [port],
    stdout: true,
    // Of stripping types, which Node calls experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  worker.stdout.pipe(process.stderr, { end: false });
  own.on('message', on.said);
  const end = (error: Error | null): void => {
    const next = (): { message: Said } | undefined => receiveMessageOnPort(own);
    for (let left = next(); left !== undefined; left = next()) on.said(left.message);
    on.ended(error);
    own.close();
  };
  worker.on('error', end);
  worker.on('exit', () => {
    end(null);
  });
  return worker;
};

/**
 * Imports a strategy where it can do no harm: in a thread that is ended afterwards. One that throws, that loops without
 * end, or that leaves something behind which throws later, doesn't end the harness.
 * @returns what it states of itself
 * @throws LivemigError BAD_INPUT where it can't be imported, or is none
 */
export const importInThread = async (strategy: Importable, maxMs = importMaxMs): Promise<Stated> => {
  const refused = (why: string): LivemigError => {
    const problem = `strategy ${strategy.file}: ${why}`;
    return new LivemigError('BAD_INPUT', problem, { problems: [problem] });
  };
  let patience: NodeJS.Timeout | undefined;
  let worker: Worker | undefined;
  try {
    const imported = await new Promise<Imported>((resolve, reject) => {
      patience = setTimeout(() => {
        reject(refused(`its import did not end within ${maxMs / 1000} s: is there a loop at its top?`));
      }, maxMs);
      const ended = (error: Error | null): void => {
        const never = 'its import never ends: it awaits something that nothing is left to bring about';
        reject(refused(error === null ? never : `its import fails: ${messageOf(error)}`));
      };
      worker = strategyWorker(new URL(import.meta.resolve('#harness/strategy-worker')), strategy, {
        said: resolve,
        ended,
      });
    });
    if ('name' in imported) return imported;
    throw fromErrorDocument(imported.error);
  } finally {
    clearTimeout(patience);
    await worker?.terminate();
  }
};
