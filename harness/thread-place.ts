import { Session } from 'node:inspector';
import type { Worker } from 'node:worker_threads';
import type { Place } from './strategy-place.ts';
import { isOwnScript } from './strategy-place.ts';

/** A thread answers within milliseconds, even one that never turns its event loop. */
const answerMaxMs = 2000;

/** Of its messages: a script that it has, and where it is once it is paused. */
interface Message {
  method?: string;
  params?: {
    scriptId?: string;
    url?: string;
    callFrames?: { location: { scriptId: string; lineNumber: number; columnNumber?: number } }[];
  };
}

/**
 * The line of the strategy at which a thread is just now, by its debugger: it also answers for one that is in a loop.
 * @returns null = it isn't in the strategy, or there is no answer
 */
export const placeOfThread = (worker: Worker): Promise<Place | null> =>
  new Promise((resolve) => {
    const session = new Session();
    const { threadId } = worker;
    let thread: string | null = null;
    const own = new Set<string>();
    const order = (id: number, method: string): void => {
      if (thread !== null)
        session.post('NodeWorker.sendMessageToWorker', {
          sessionId: thread,
          message: JSON.stringify({ id, method }),
        });
    };
    const end = (place: Place | null): void => {
      clearTimeout(patience);
      // A thread that its debugger holds could not be ended.
      order(3, 'Debugger.disable');
      session.disconnect();
      resolve(place);
    };
    const patience = setTimeout(() => {
      end(null);
    }, answerMaxMs);
    session.connect();
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      thread = sessionId;
      order(1, 'Debugger.enable');
      order(2, 'Debugger.pause');
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      const { method, params: { scriptId = '', url = '', callFrames = [] } = {} } = JSON.parse(
        message,
      ) as Message;
      if (sessionId !== thread) return;
      if (method === 'Debugger.scriptParsed' && isOwnScript(url)) own.add(scriptId);
      if (method !== 'Debugger.paused') return;
      const frame = callFrames.find(({ location }) => own.has(location.scriptId));
      const { lineNumber = 0, columnNumber = 0 } = frame?.location ?? {};
      end(frame === undefined ? null : { line: lineNumber + 1, column: columnNumber + 1 });
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
