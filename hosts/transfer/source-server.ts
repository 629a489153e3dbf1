import { Metadata, Server } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { OutgoingBulkMessage } from '../../proto/bulk.ts';
import { codeOf, LivemigError, messageOf } from '../../proto/errors.ts';
import type { ErrorCode } from '../../proto/errors.ts';
import { abortedBy, migrationService } from '../../proto/migration.ts';
import type {
  DestinationHello,
  FaultMessage,
  FromDestination,
  FromSource,
  OpenChannel,
  SourceHello,
} from '../../proto/migration.ts';
import type { TlsCredentials } from '../../proto/tls.ts';
import { PageSet } from '../guest/page-set.ts';
import { disagreementOf, refusalOf, untilHello } from './admission.ts';
import { Channel } from './channel.ts';
import { keepalive } from './keepalive.ts';
import { SourceConnection } from './source-connection.ts';
import type { ControlStream, Remains } from './source-connection.ts';
import { serverCredentials } from './tls.ts';
import type { Waiters } from './waiters.ts';

type PagesStream = ServerWritableStream<OpenChannel, OutgoingBulkMessage>;
type FaultStream = ServerDuplexStream<FaultMessage, OutgoingBulkMessage>;

export interface SourceServerEvents {
  receipt(channel: number, sequence: number): void;
  pageRequested(page: number): void;
  /** A stranger was sent away. */
  refused(reason: string): void;
  /** The connection is lost. Returns whether the migration can go on over another one. */
  lost?(): boolean;
  /** Another connection is up. */
  recovered?(remains: Remains): void;
}

/** How long a destination may take to connect and agree. */
const connectTimeoutMs = 30_000;

/** Everything that a destination says is small. */
const messageMaxBytes = 64 << 10;
/** A destination's connections each carry a stream; one that carries none for so long is a stranger's. */
const idleMaxMs = 10_000;
const streamsPerConnectionMax = 8;

/**
 * The source's end of the migration protocol: takes one destination, and turns its messages into state that the
 * session waits for. What breaks the protocol fails every wait. The destination is whoever knows the migration's id;
 * anyone else is sent away, and nothing else comes of it.
 */
export class SourceServer {
  readonly #server: Server;
  readonly #hello: SourceHello;
  readonly #events: SourceServerEvents;
  readonly #waiters: Waiters;
  #connection: SourceConnection | null = null;
  #connections = 0;
  #isResumed = false;
  #completedPages: number | null = null;
  #barrierReached = 0;
  #barriersSent = 0;

  private constructor(hello: SourceHello, waiters: Waiters, events: SourceServerEvents) {
    this.#hello = hello;
    this.#waiters = waiters;
    this.#events = events;
    this.#server = new Server({
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': messageMaxBytes,
      'grpc.max_concurrent_streams': streamsPerConnectionMax,
      'grpc.max_connection_idle_ms': idleMaxMs,
      ...keepalive,
    });
  }

  /** @throws LivemigError TESTBED_FAILED when the address can't be bound. */
  static async listen(
    address: string,
    port: number,
    hello: SourceHello,
    waiters: Waiters,
    events: SourceServerEvents,
    tls?: TlsCredentials,
  ): Promise<SourceServer> {
    const self = new SourceServer(hello, waiters, events);
    self.#server.addService(migrationService, {
      control: (stream: ControlStream) => {
        self.#takeControl(stream);
      },
      pages: (stream: PagesStream) => {
        self.#takePages(stream);
      },
      faults: (stream: FaultStream) => {
        self.#takeFaults(stream);
      },
    });
    await new Promise<void>((resolve, reject) => {
      self.#server.bindAsync(`${address}:${port}`, serverCredentials(tls), (error) => {
        if (error === null) resolve();
        else
          reject(
            new LivemigError('TESTBED_FAILED', `the source can't listen on ${address}:${port}`, {
              cause: error,
            }),
          );
      });
    });
    return self;
  }

  #violation(what: string): void {
    this.#waiters.fail(
      new LivemigError('PROTOCOL_VIOLATION', `the destination broke the migration protocol: ${what}`),
    );
  }

  /** @param stream told why, where it takes messages. */
  #refuse(reason: string, stream?: ControlStream): void {
    stream?.write({ abort: { code: 'PROTOCOL_VIOLATION', reason } });
    stream?.end();
    this.#events.refused(reason);
  }

  #takeControl(stream: ControlStream): void {
    stream.on('error', () => undefined);
    const refuse = (reason: string): void => {
      this.#refuse(reason, stream);
    };
    untilHello(stream, refuse, (hello) => {
      const connections = { count: this.#connections, isUp: this.#connection !== null };
      const refusal = refusalOf(hello, this.#hello, connections);
      if (refusal === null) this.#takeDestination(stream, hello);
      else refuse(refusal);
    });
  }

  #takeDestination(stream: ControlStream, hello: DestinationHello): void {
    const { pageCount, channels } = this.#hello;
    const remains = hello.recovers ? { received: new PageSet(pageCount), resumed: hello.resumed } : null;
    const connection = new SourceConnection(stream, channels, remains);
    this.#connection = connection;
    this.#connections++;
    stream.on('data', (message: FromDestination) => {
      if (connection !== this.#connection) return;
      this.#onControl(connection, message);
      this.#waiters.poke();
    });
    // Of all its streams this one is watched: when another is lost the destination hangs this one up.
    for (const event of ['end', 'cancelled', 'error'])
      stream.on(event, () => {
        this.#lost(connection);
      });
    this.#onHello(hello);
    this.#waiters.poke();
  }

  #lost(connection: SourceConnection | null): void {
    if (this.#completedPages !== null || connection === null || connection !== this.#connection) return;
    if (this.#waiters.failed) return;
    if (this.#events.lost?.() !== true) {
      this.#waiters.fail(
        new LivemigError('PROTOCOL_VIOLATION', 'the destination left before the migration was complete'),
      );
      return;
    }
    this.#connection = null;
    connection.destroy();
    // What the destination has it says itself when it is back.
    this.#barrierReached = this.#barriersSent;
    this.#waiters.poke();
  }

  /** How many connections there were; a change says that one was lost in between. */
  get connections(): number {
    return this.#connections;
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true;
  }

  /** Bulk channels by number; complete once connected. */
  get channels(): readonly Channel[] {
    return this.#connection?.channels ?? [];
  }

  get faultChannel(): Channel | null {
    return this.#connection?.faultChannel ?? null;
  }

  /** The last thing that a connection needs is there, or one more. */
  #opened({ isOpen, remains }: SourceConnection): void {
    if (!isOpen || remains === null) return;
    if (remains.resumed) this.#isResumed = true;
    this.#events.recovered?.(remains);
  }

  #onControl(connection: SourceConnection, message: FromDestination): void {
    if ('hello' in message) this.#violation('a second hello');
    else if ('ready' in message) {
      connection.isReady = true;
      this.#opened(connection);
    } else if ('received' in message) {
      const wrong = connection.received(message.received);
      if (wrong !== null) this.#violation(wrong);
    } else if ('receipt' in message) this.#events.receipt(message.receipt.channel, message.receipt.sequence);
    else if ('barrierReached' in message)
      this.#barrierReached = Math.max(this.#barrierReached, message.barrierReached.id);
    else if ('resumed' in message) this.#isResumed = true;
    else if ('completed' in message) this.#completedPages = message.completed.pages;
    else if ('abort' in message) {
      this.#waiters.fail(abortedBy('destination', message.abort));
    } else this.#violation('an empty control message');
  }

  #onHello(hello: DestinationHello): void {
    const wrong = disagreementOf(hello, this.#hello);
    if (wrong === null) this.#send({ hello: this.#hello });
    else {
      this.abort('PROTOCOL_VIOLATION', wrong);
      this.#violation(wrong);
    }
  }

  #takePages(stream: PagesStream): void {
    const { migrationId, channel } = stream.request;
    stream.on('error', () => undefined);
    const connection = this.#connection;
    const isWanted =
      migrationId === this.#hello.migrationId &&
      channel < this.#hello.channels &&
      connection?.channels[channel] === undefined;
    if (connection === null || !isWanted) {
      stream.end();
      this.#refuse(`expected no pages stream ${channel} of that migration`);
      return;
    }
    connection.channels[channel] = new Channel(stream);
    // Tells the client that the stream is open; without it that would wait for the first page.
    stream.sendMetadata(new Metadata());
    this.#opened(connection);
    this.#waiters.poke();
  }

  #takeFaults(stream: FaultStream): void {
    stream.on('error', () => undefined);
    /** Where it belongs; null = nowhere, yet. */
    let connection: SourceConnection | null = null;
    stream.on('data', (message: FaultMessage) => {
      if (!('migrationId' in message)) {
        if (connection !== null && connection === this.#connection) this.#onPageRequest(message.page);
        return;
      }
      const isOurs = message.migrationId === this.#hello.migrationId && this.faultChannel === null;
      connection = isOurs ? this.#connection : null;
      if (connection === null) {
        stream.end();
        this.#refuse('expected no faults stream of that migration');
      } else {
        connection.faultChannel = new Channel(stream);
        this.#opened(connection);
      }
      this.#waiters.poke();
    });
    stream.on('end', () => stream.end());
  }

  #onPageRequest(page: number): void {
    if (Number.isInteger(page) && page >= 0 && page < this.#hello.pageCount) this.#events.pageRequested(page);
    else this.#violation(`a request for page ${page} of ${this.#hello.pageCount}`);
  }

  #send(message: FromSource): void {
    this.#connection?.send(message);
  }

  /** Sequences written so far, by channel. */
  get sequences(): number[] {
    return this.channels.map((channel) => channel.sequence);
  }

  /** @throws LivemigError TIMEOUT, or what the destination did wrong. */
  async untilConnected(): Promise<void> {
    const timer = setTimeout(() => {
      this.#waiters.fail(new LivemigError('TIMEOUT', `no destination agreed within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    try {
      await this.#waiters.until(() => this.isConnected);
    } finally {
      clearTimeout(timer);
    }
  }

  async barrier(): Promise<void> {
    // A connection that is lost takes its barriers with it.
    await this.#waiters.until(() => this.isConnected);
    const id = ++this.#barriersSent;
    this.#send({ barrier: { id, after: this.sequences } });
    await this.#waiters.until(() => this.#barrierReached >= id);
  }

  async untilResumed(): Promise<void> {
    await this.#waiters.until(() => this.#isResumed);
  }

  /**
   * Says that every page has been sent and waits for the destination's word that it has them all.
   * @returns false where the connection was lost meanwhile: there may be pages to be sent again.
   */
  async complete(): Promise<boolean> {
    const pages = this.#hello.pageCount;
    const connection = this.#connection;
    this.#send({ allPagesSent: { after: this.sequences, pages } });
    const isLost = (): boolean => connection !== this.#connection;
    await this.#waiters.until(() => this.#completedPages !== null || isLost());
    if (this.#completedPages === null) return false;
    if (this.#completedPages !== pages)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected ${pages} pages at the destination, it has ${this.#completedPages}`,
      );
    return true;
  }

  abort(code: ErrorCode, reason: string): void {
    this.#send({ abort: { code, reason } });
  }

  /** Ends every stream and stops listening; a failed migration tells the destination why. */
  async close(error: unknown): Promise<void> {
    if (error !== null) this.abort(codeOf(error), messageOf(error));
    this.#connection?.end();
    const gone = new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => {
        resolve();
      });
    });
    // A destination that doesn't hang up must not keep the source.
    const patience = new Promise<void>((resolve) => setTimeout(resolve, 1000).unref());
    await Promise.race([gone, patience]);
    this.#server.forceShutdown();
  }
}
