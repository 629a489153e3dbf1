import { LivemigError, messageOf } from '../../proto/errors.ts';
import type { DestinationHello } from '../../proto/migration.ts';
import type { TlsCredentials } from '../../proto/tls.ts';
import { monotonicMs } from '../../proto/units.ts';
import { DestinationClient } from './destination-client.ts';
import type { DestinationClientEvents } from './destination-client.ts';
import { recoverMaxMs } from './keepalive.ts';

const reconnectPauseMs = 250;

/** The link is there, and nobody listens. */
const isRefused = (error: unknown): boolean =>
  messageOf((error as Error).cause ?? error).includes('ECONNREFUSED');

export interface SourceLinkEvents extends Pick<DestinationClientEvents, 'control' | 'bulk' | 'urgent'> {
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
  #lostAtMs: number | null = null;
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
    const { target, tls, hello, events } = this.#options;
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
              new LivemigError('PROTOCOL_VIOLATION', 'the source hung up before the migration was complete'),
            );
        }),
        lost: ours((error) => {
          this.lost(error);
        }),
      },
      { tls, isPatient: !this.#isReconnecting },
    );
    client.send({ hello: introduction });
    return client;
  }

  /** Both sides have agreed, again if need be. */
  agreed(): void {
    this.#hasAgreed = true;
    this.#isReconnecting = false;
    this.#lostAtMs = null;
  }

  /**
   * Gives the connection up. Before anything was agreed on there is nothing to recover. Afterwards only the source knows
   * whether the guest may run here: where it may not, nobody listens there any more.
   */
  lost(error: unknown): void {
    if (this.#isClosed) return;
    const nowMs = monotonicMs();
    this.#lostAtMs ??= nowMs;
    const isHopeless =
      !this.#hasAgreed || nowMs - this.#lostAtMs > recoverMaxMs || (this.#isReconnecting && isRefused(error));
    if (isHopeless) {
      this.close();
      this.#options.events.gone(error);
    } else this.#reconnect();
  }

  #reconnect(): void {
    this.#client.close();
    this.#isReconnecting = true;
    this.#connections++;
    this.#options.events.lost();
    setTimeout(() => {
      if (!this.#isClosed) this.#client = this.#connect();
    }, reconnectPauseMs);
  }

  /** Hangs up, for good. What was sent before still goes out. */
  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }
}
