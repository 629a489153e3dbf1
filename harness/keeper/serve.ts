import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { LivemigError, toErrorDocument } from '#proto/errors';
import { makeDirectories } from '../files/places.ts';
import type { RunEventSink } from '../run/events.ts';
import { thisProcess } from '../testbed/owner.ts';
import { codeStamp } from './code-stamp.ts';
import type { Keeper } from './keeper.ts';
import type { TestbedTraits } from './kept.ts';
import { announceKept, fileOf, keptDirectory, sweepKept } from './kept.ts';
import type { Ask, Say } from './messages.ts';
import { aliveEveryMs, askMaxBytes, askSchema } from './messages.ts';
import { talkOver } from './talk.ts';
import type { Talk } from './talk.ts';
import { orLate } from '../within.ts';

/** Commands that may be connected at once; each needs one connection, for moments but for the one whose run it is. */
const connectionsMax = 64;
/** For a command to hear that the keeper has ended. */
const farewellMs = 2000;

/** One command, from its first word to its last. */
class Visit {
  readonly #keeper: Keeper;
  readonly #talk: Talk<Ask, Say>;
  readonly #gone = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #hasRun = false;

  constructor(socket: Socket, keeper: Keeper) {
    this.#keeper = keeper;
    this.#talk = talkOver<Ask, Say>(socket, { schema: askSchema, maxBytes: askMaxBytes, who: 'a command' });
  }

  /** @param end takes the keeper down. Never rejects. */
  async serve(end: () => void): Promise<void> {
    const alive = setInterval(() => this.#talk.say({ say: 'alive' }), aliveEveryMs);
    try {
      for await (const ask of this.#talk.heard()) this.#obey(ask, end);
    } catch (error) {
      this.#talk.say({ say: 'error', error: toErrorDocument(error) });
    } finally {
      // A command that has gone, as by Ctrl-C or kill -9, wants its run no more.
      await this.abort();
      clearInterval(alive);
      this.#talk.close();
    }
  }

  /** Resolves when its run, if it has one, has ended and been told of. */
  async abort(): Promise<void> {
    this.#gone.abort('SIGHUP');
    await this.#running;
  }

  bidFarewell(): void {
    this.#talk.say({ say: 'ended' });
    this.#talk.close();
  }

  #obey(ask: Ask, end: () => void): void {
    if (ask.ask === 'abort') this.#gone.abort('SIGINT');
    else if (ask.ask === 'status') this.#talk.say({ say: 'status', status: this.#keeper.status });
    else if (ask.ask === 'end') end();
    else if (this.#hasRun)
      throw new LivemigError('ILLEGAL_PHASE', 'expected one run per connection, got another');
    else {
      this.#hasRun = true;
      this.#running = this.#run(ask);
    }
  }

  async #run({ scenario, directory }: Extract<Ask, { ask: 'run' }>): Promise<void> {
    for (const text of this.#keeper.warnings) this.#talk.say({ say: 'warning', text });
    const events: RunEventSink = {
      next: (event) => {
        this.#talk.say({ say: 'event', event });
      },
    };
    this.#talk.say(await this.#keeper.run(scenario, directory, events, this.#gone.signal));
  }
}

const listening = async (server: Server, path: string): Promise<void> => {
  server.listen(path);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new LivemigError(
      'TESTBED_FAILED',
      `expected to listen on the Unix socket ${path}; where that path is too long, set TMPDIR to a shorter one`,
      { cause: error },
    );
  }
};

export interface ServeOptions {
  traits: TestbedTraits;
  signal: AbortSignal;
  /** Everybody can find it now. */
  onReady: () => Promise<void>;
}

/**
 * Lets commands of this user make their runs in the keeper's testbed, until the signal fires, one of them says `end`, or it
 * has been idle for too long. The testbed is down when this resolves.
 * @returns why it ended
 * @throws LivemigError TESTBED_FAILED
 */
export const serveKeeper = async (
  keeper: Keeper,
  { traits, signal, onReady }: ServeOptions,
): Promise<'signal' | 'down' | 'idle'> => {
  const id = randomBytes(6).toString('hex');
  await makeDirectories(keptDirectory(), 0o700);
  await sweepKept();
  const path = fileOf(process.pid, 'sock');
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const visits = new Map<Visit, Promise<void>>();
  const server = createServer((socket) => {
    const visit = new Visit(socket, keeper);
    const served = visit.serve(() => {
      ended.abort();
    });
    visits.set(visit, served);
    void served.then(() => visits.delete(visit));
  });
  server.maxConnections = connectionsMax;
  let announced: AsyncDisposable | undefined;
  try {
    await listening(server, path);
    const description = { ...traits, id, socket: path, code: codeStamp(), owner: thisProcess() };
    announced = await announceKept(description);
    await onReady();
    return await keeper.untilIdleForLong(all).then(
      () => 'idle' as const,
      () => (signal.aborted ? ('signal' as const) : ('down' as const)),
    );
  } finally {
    // Nobody finds it any more.
    await announced?.[Symbol.asyncDispose]();
    server.close();
    for (const file of [path, fileOf(process.pid, 'log')]) rmSync(file, { force: true });
    await Promise.all([...visits.keys()].map((visit) => visit.abort()));
    await keeper.end();
    for (const visit of visits.keys()) visit.bidFarewell();
    await orLate(Promise.all(visits.values()), farewellMs);
  }
};
