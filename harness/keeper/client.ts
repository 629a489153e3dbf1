import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { cwd } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromErrorDocument, LivemigError, messageOf } from '#proto/errors';
import type { RunResult } from '../result.ts';
import type { RunEventSink } from '../run/events.ts';
import type { Scenario } from '../scenario.ts';
import { isDead, thisProcess } from '../testbed/owner.ts';
import { orLate } from '../within.ts';
import { codeStamp } from './code-stamp.ts';
import { findKept, misfits } from './kept.ts';
import type { KeptDescription } from './kept.ts';
import type { Ask, KeptStatus, Say } from './messages.ts';
import { sayMaxBytes, saySchema, silenceMaxMs } from './messages.ts';
import type { Talk } from './talk.ts';
import { talkOver } from './talk.ts';

/** What a command says to the keeper of a testbed, and what it hears. */

const connectMs = 5000;
/** An answer that takes the keeper no work. */
const answerMs = 10_000;
/** Until it is down, with all that it has started. */
const endMs = 120_000;

const nameOf = ({ owner, link }: KeptDescription): string =>
  `the testbed that process ${owner.pid} keeps (${link.name})`;

const connected = async (kept: KeptDescription): Promise<Socket> => {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(kept.socket);
  socket.once('connect', () => {
    resolve(socket);
  });
  socket.once('error', reject);
  const outcome = await orLate(
    promise.catch((error: unknown) => {
      throw new LivemigError('TESTBED_FAILED', `${nameOf(kept)} can't be reached`, { cause: error });
    }),
    connectMs,
  );
  if (outcome !== 'late') return outcome;
  socket.destroy();
  throw new LivemigError('TIMEOUT', `${nameOf(kept)} did not answer within ${connectMs} ms`);
};

/** Talks to a keeper, and hangs up in the end. */
const talking = async <T>(kept: KeptDescription, work: (talk: Talk<Say, Ask>) => Promise<T>): Promise<T> => {
  const socket = await connected(kept);
  const talk = talkOver<Say, Ask>(socket, { schema: saySchema, maxBytes: sayMaxBytes, who: nameOf(kept) });
  // It says at least every second that it is alive.
  socket.setTimeout(silenceMaxMs, () => {
    socket.destroy(
      new LivemigError('TIMEOUT', `${nameOf(kept)} has said nothing for ${silenceMaxMs / 1000} s`),
    );
  });
  try {
    return await work(talk);
  } finally {
    socket.destroy();
  }
};

const hungUp = (kept: KeptDescription): LivemigError =>
  new LivemigError('TESTBED_FAILED', `${nameOf(kept)} ended without an answer`);

/** @throws LivemigError TESTBED_FAILED, TIMEOUT */
export const statusOfKept = (kept: KeptDescription): Promise<KeptStatus> =>
  talking(kept, async (talk) => {
    const answer = async (): Promise<KeptStatus> => {
      talk.say({ ask: 'status' });
      for await (const said of talk.heard()) if (said.say === 'status') return said.status;
      throw hungUp(kept);
    };
    const status = await orLate(answer(), answerMs);
    if (status === 'late') throw new LivemigError('TIMEOUT', `${nameOf(kept)} doesn't tell its status`);
    return status;
  });

const lookEveryMs = 20;

/** What it has said last is not yet its end. That of a process in another PID namespace isn't seen. */
const untilGone = async ({ owner }: KeptDescription, signal: AbortSignal): Promise<void> => {
  if (owner.pidNamespace !== thisProcess().pidNamespace) return;
  while (!isDead(owner) && !signal.aborted) await sleep(lookEveryMs);
};

/** Takes it down; resolves when its process has ended. @throws LivemigError TESTBED_FAILED, TIMEOUT */
export const endKept = (kept: KeptDescription): Promise<void> =>
  talking(kept, async (talk) => {
    const over = new AbortController();
    const answer = async (): Promise<void> => {
      talk.say({ ask: 'end' });
      for await (const said of talk.heard()) if (said.say === 'ended') break;
      await untilGone(kept, over.signal);
    };
    try {
      if ((await orLate(answer(), endMs)) === 'late')
        throw new LivemigError('TIMEOUT', `${nameOf(kept)} is not down after ${endMs / 1000} s`);
    } finally {
      over.abort();
    }
  });

export interface KeptRunOptions {
  /** Ends the run as `aborted`. */
  signal: AbortSignal;
  events: RunEventSink;
  tell: (text: string) => void;
}

/**
 * Makes a run in a kept testbed. It waits as long as the keeper lives, in which every wait of a run has its bound.
 * @returns null where another run is under way in it
 * @throws LivemigError the run's; TESTBED_FAILED or TIMEOUT where the keeper is lost
 */
export const runInKept = (
  kept: KeptDescription,
  scenario: Scenario,
  { signal, events, tell }: KeptRunOptions,
): Promise<RunResult | null> =>
  talking(kept, async (talk) => {
    const abort = (): void => {
      talk.say({ ask: 'abort' });
    };
    talk.say({ ask: 'run', scenario, directory: cwd() });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      for await (const said of talk.heard()) {
        if (said.say === 'event') events.next(said.event);
        else if (said.say === 'warning') tell(`${nameOf(kept)}: ${said.text}`);
        else if (said.say === 'result') return said.result;
        else if (said.say === 'error') throw fromErrorDocument(said.error);
        else if (said.say === 'busy') return null;
      }
      throw hungUp(kept);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  });

/** A kept testbed for a scenario, or why those that there are don't do. */
export interface Choice {
  kept: KeptDescription | null;
  /** A line each. */
  notes: string[];
}

/** Never rejects: a run without a kept testbed brings up its own. */
export const chooseKept = async (scenario: Scenario): Promise<Choice> => {
  const { found, ignored } = await findKept().catch((error: unknown) => ({
    found: [],
    ignored: [messageOf(error)],
  }));
  if (found.length === 0) return { kept: null, notes: ignored };
  const code = codeStamp();
  const notes = [...ignored];
  for (const kept of found) {
    const why = misfits(kept, scenario);
    if (kept.code !== code) why.push('it runs other code, as files have changed since `livemig up`');
    if (why.length === 0) return { kept, notes: [] };
    notes.push(`${nameOf(kept)} isn't used: ${why.join(', ')}`);
  }
  return { kept: null, notes };
};
