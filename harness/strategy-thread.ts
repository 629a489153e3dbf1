import type { MessagePort } from 'node:worker_threads';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Place } from './strategy-place.ts';
import { placeOfThread } from './thread-place.ts';

/** A strategy of the user's own, as its text. */
export interface Importable {
  file: string;
  text: string;
}

/** What a thread of a strategy's gets: the strategy, what is asked of it, and where it says what it has to say. */
export type ThreadData<Asked> = Importable & { asked: Asked; port: MessagePort };

/** Why a thread that has more to say doesn't say it. */
export type Silence =
  /** It has said nothing for too long, and is ended; and where it was, if that can be told. */
  | { kind: 'silent'; place: Place | null }
  /** It has ended on its own: it awaits something that nothing is left to bring about. */
  | { kind: 'idle' }
  /** It has ended by an error that nothing caught. */
  | { kind: 'failed'; error: Error };

interface ThreadOptions<Said, Asked> {
  asked: Asked;
  /** Returns whether that was all. */
  said: (said: Said) => boolean;
  silentMaxMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Hears out a thread for a strategy of the user's own, where it can do no harm, and ends it. Its prints don't get between
 * what the harness prints. Node delivers what a thread said and that it failed by two ways, in any order: so what it
 * said is fetched before its end is told.
 * @returns null = it has said all
 * @throws the signal's reason when it aborts
 */
export const heardOut = async <Said, Asked>(
  script: URL,
  { file, text }: Importable,
  { asked, said, silentMaxMs, signal }: ThreadOptions<Said, Asked>,
): Promise<Silence | null> => {
  signal?.throwIfAborted();
  const { port1: own, port2: port } = new MessageChannel();
  const workerData: ThreadData<Asked> = { file, text, asked, port };
  const worker = new Worker(script, {
    workerData,
    transferList: [port],
    stdout: true,
    // Of stripping types, which Node calls experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  worker.stdout.pipe(process.stderr, { end: false });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  let patience: NodeJS.Timeout | undefined;
  try {
    const silence = await new Promise<Silence | null>((resolve) => {
      const hear = (message: Said): void => {
        patience?.refresh();
        if (said(message)) resolve(null);
      };
      const end = (kind: Silence): void => {
        const next = (): { message: Said } | undefined => receiveMessageOnPort(own);
        for (let left = next(); left !== undefined; left = next()) hear(left.message);
        resolve(kind);
      };
      patience = setTimeout(() => {
        void placeOfThread(worker).then((place) => {
          resolve({ kind: 'silent', place });
        });
      }, silentMaxMs);
      own.on('message', hear);
      worker.on('error', (error: Error) => {
        end({ kind: 'failed', error });
      });
      worker.on('exit', () => {
        end({ kind: 'idle' });
      });
    });
    signal?.throwIfAborted();
    return silence;
  } finally {
    clearTimeout(patience);
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
    own.close();
  }
};
