import { LivemigError } from '../../proto/errors.ts';
import type { LinkTimeouts } from '../../proto/link-timeouts.ts';
import type { DestinationHello } from '../../proto/migration.ts';
import type { TlsCredentials } from '../../proto/tls.ts';
import { monotonicMs } from '../../proto/units.ts';
import { DestinationClient } from './destination-client.ts';
import type { DestinationClientEvents } from './destination-client.ts';
import { knock } from './knock.ts';
import type { Door } from './knock.ts';

const reconnectPauseMs = 250;

export interface SourceLinkEvents extends Pick<
  DestinationClientEvents,
  'control' | 'bulk' | 'urgent' | 'violated'
> {
  /** The source has hung up. Returns whether it had reason to: then that was all. */
  ended(): boolean;
  /** The connection is lost, and with it what was under way. Another one follows. */
  lost(): void;
  /** There is no source any more. */
  gone(error: unknown): void;
}

export interface SourceLinkOptions {
  target: string;
  tls: TlsCredentials | undefined;
  timeouts: LinkTimeouts;
  /** Pages that are here: a connection that brought some was worth making. */
  arrivedPages: () => number;
  /** How the destination introduces itself. @param recovers an earlier connection was lost. */
  hello: (recovers: boolean) => DestinationHello;
  events: SourceLinkEvents;
}

/** The destination's way to the source: a connection, and when it is lost another one. */
export class SourceLink {
  readonly #options: SourceLinkOptions;
  #client: DestinationClient;
  #connections = 0;
  #hasAgreed = false;
  #isReconnecting = false;
  /** The first loss since a page arrived that wasn't here before. */
  #lostAtMs = Infinity;
  #arrivedMost = -1;
  /** What was found at the source's port when the connection was last tried anew. */
  #door: Promise<Door> = Promise.resolve('silent');
  #isClosed = false;

  constructor(options: SourceLinkOptions) {
    this.#options = options;
    this.#client = this.#connect();
  }

  /** Of the connection that there is. */
  get client(): DestinationClient {
    return this.#client;
  }

  /** How many connections were made or given up: a change says that what was under way is lost. */
  get connections(): number {
    return this.#connections;
  }

  /** Until both sides have agreed again. */
  get isReconnecting(): boolean {
    return this.#isReconnecting;
  }

  #connect(): DestinationClient {
    const { target, tls, timeouts, hello, events } = this.#options;
    const connection = ++this.#connections;
    /** What a connection tells that has been given up is of no use. */
    const ours =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A): void => {
        if (connection === this.#connections && !this.#isClosed) act(...args);
      };
    const introduction = hello(this.#isReconnecting);
    const client = new DestinationClient(
      target,
      introduction.migrationId,
      {
        control: ours(events.control),
        bulk: ours(events.bulk),
        urgent: ours(events.urgent),
        ended: ours(() => {
          if (events.ended()) this.close();
          else
            this.lost(
              new LivemigError('AGENT_UNREACHABLE', 'the source hung up before the migration was complete'),
            );
        }),
        lost: ours((error) => {
          this.lost(error);
        }),
        violated: ours(events.violated),
      },
      { tls, timeouts, isPatient: !this.#isReconnecting },
    );
    client.send({ hello: introduction });
    return client;
  }

  /** Both sides have agreed, again if need be. */
  agreed(): void {
    this.#hasAgreed = true;
    this.#isReconnecting = false;
  }

  /**
   * Gives the connection up. Before anything was agreed on there is nothing to recover. Afterwards only the source knows
   * whether the guest may run here: where it may not, nobody listens there any more.
   */
  lost(error: unknown): void {
    if (this.#isClosed) return;
    const { recoverMs } = this.#options.timeouts;
    const nowMs = monotonicMs();
    const arrived = this.#options.arrivedPages();
    if (arrived > this.#arrivedMost) this.#lostAtMs = nowMs;
    this.#arrivedMost = Math.max(this.#arrivedMost, arrived);
    if (!this.#hasAgreed) this.#giveUp(error);
    else if (nowMs - this.#lostAtMs >= recoverMs)
      this.#giveUp(
        new LivemigError(
          'TIMEOUT',
          `no connection to the source brought a page within ${Math.round(recoverMs)} ms after the first was lost`,
          { cause: error },
        ),
      );
    else this.#reconnect(error);
  }

  #giveUp(error: unknown): void {
    this.close();
    this.#options.events.gone(error);
  }

  #reconnect(error: unknown): void {
    const wasReconnecting = this.#isReconnecting;
    this.#client.close();
    this.#isReconnecting = true;
    const connection = ++this.#connections;
    this.#options.events.lost();
    setTimeout(() => {
      void this.#tryAgain(connection, wasReconnecting, error);
    }, reconnectPauseMs);
  }

  /** @param isSecond another connection was tried since the last one that stood. */
  async #tryAgain(connection: number, isSecond: boolean, error: unknown): Promise<void> {
    const isDue = (): boolean => !this.#isClosed && connection === this.#connections;
    if (isSecond && (await this.#door) === 'refused') {
      if (isDue()) this.#giveUp(error);
      return;
    }
    if (!isDue()) return;
    const { target, timeouts } = this.#options;
    this.#door = knock(target, timeouts.attemptMs);
    this.#client = this.#connect();
  }

  /** Hangs up, for good. What was sent before still goes out. */
  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }
}
