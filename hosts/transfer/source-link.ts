import { LivemigError } from '#proto/errors';
import type { LinkTimeouts } from '#proto/link-timeouts';
import type { DestinationHello } from '#proto/migration';
import type { Cancel, MigrationClock } from '../clock.ts';
import { DestinationClient } from './destination-client.ts';
import type { DestinationClientEvents } from './destination-client.ts';
import type { DestinationWire, Door } from './wire.ts';

const reconnectPauseMs = 250;

export interface SourceLinkEvents extends Pick<
  DestinationClientEvents,
  'control' | 'bulk' | 'urgent' | 'violated'
> {
  /** The source has hung up. Returns whether it had reason to: then that was all. */
  ended(): boolean;
  /** The connection is lost, and with it what was in flight. Another one follows. */
  lost(): void;
  /** There is no source any more. */
  gone(error: unknown): void;
}

export interface SourceLinkOptions {
  wire: DestinationWire;
  clock: MigrationClock;
  timeouts: LinkTimeouts;
  /** How many pages have arrived: a connection that brought some was worth making. */
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
  /** The first loss since a new page arrived. */
  #lostAtMs = Infinity;
  #arrivedMost = -1;
  /** What was found at the source's port when a connection was last tried again. */
  #door: Promise<Door> = Promise.resolve('silent');
  #rest: Cancel = () => undefined;
  #isClosed = false;

  constructor(options: SourceLinkOptions) {
    this.#options = options;
    this.#client = this.#connect();
  }

  /** Of the connection that there is. */
  get client(): DestinationClient {
    return this.#client;
  }

  /** How many connections were made or given up: a change means that what was in flight is lost. */
  get connections(): number {
    return this.#connections;
  }

  /** Until both sides have agreed again. */
  get isReconnecting(): boolean {
    return this.#isReconnecting;
  }

  #connect(): DestinationClient {
    const { wire, clock, timeouts, hello, events } = this.#options;
    const connection = ++this.#connections;
    /** Events of a connection that was given up are ignored. */
    const ours =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A): void => {
        if (connection === this.#connections && !this.#isClosed) act(...args);
      };
    const introduction = hello(this.#isReconnecting);
    const { migrationId } = introduction;
    const client = new DestinationClient(
      { wire, clock, timeouts, migrationId, isPatient: !this.#isReconnecting },
      {
        control: ours(events.control),
        bulk: ours(events.bulk),
        urgent: ours(events.urgent),
        ended: ours(() => {
          if (events.ended()) this.close();
          else
            this.lost(
              new LivemigError('CONNECTION_LOST', 'the source hung up before the migration was complete'),
            );
        }),
        lost: ours((error) => {
          this.lost(error);
        }),
        violated: ours(events.violated),
      },
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
   * Gives the connection up. Before anything was agreed on, there is nothing to recover. Afterwards only the source
   * knows whether the guest may run here: if not, it no longer listens.
   */
  lost(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, timeouts } = this.#options;
    const { recoverMs } = timeouts;
    const nowMs = clock.nowMs();
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
    this.#rest = this.#options.clock.timer(reconnectPauseMs, () => {
      void this.#tryAgain(connection, wasReconnecting, error);
    });
  }

  /** @param isSecond another connection has been tried since the last established one. */
  async #tryAgain(connection: number, isSecond: boolean, error: unknown): Promise<void> {
    const isDue = (): boolean => !this.#isClosed && connection === this.#connections;
    if (isSecond && (await this.#door) === 'refused') {
      const { target } = this.#options.wire;
      const refused = `expected the source to listen at ${target}, nobody does any more`;
      if (isDue()) this.#giveUp(new LivemigError('CONNECTION_REFUSED', refused, { cause: error }));
      return;
    }
    if (!isDue()) return;
    const { wire, timeouts } = this.#options;
    this.#door = wire.knock(timeouts.attemptMs);
    this.#client = this.#connect();
  }

  /** Hangs up, for good. What was sent before still goes out. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
    this.#client.close();
  }
}
