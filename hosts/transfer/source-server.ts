import { Metadata, Server } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { OutgoingBulkMessage } from '../../proto/bulk.ts';
import { codeOf, LivemigError, messageOf } from '../../proto/errors.ts';
import type { ErrorCode } from '../../proto/errors.ts';
import { abortedBy, migrationService, migrationVersion } from '../../proto/migration.ts';
import type {
  DestinationHello,
  FaultMessage,
  FromDestination,
  FromSource,
  OpenChannel,
  SourceHello,
} from '../../proto/migration.ts';
import type { TlsCredentials } from '../../proto/tls.ts';
import { Channel } from './channel.ts';
import { serverCredentials } from './tls.ts';
import type { Waiters } from './waiters.ts';

type ControlStream = ServerDuplexStream<FromDestination, FromSource>;
type PagesStream = ServerWritableStream<OpenChannel, OutgoingBulkMessage>;
type FaultStream = ServerDuplexStream<FaultMessage, OutgoingBulkMessage>;

export interface SourceServerEvents {
  receipt(channel: number, sequence: number): void;
  pageRequested(page: number): void;
  /** A stranger was sent away. */
  refused(reason: string): void;
}

/** How long a destination may take to connect and agree. */
const connectTimeoutMs = 30_000;

/** Whoever connects has to say who it is within so long. */
const helloTimeoutMs = 5000;
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
  /** Bulk channels by number; complete once connected. */
  readonly channels: Channel[] = [];
  faultChannel: Channel | null = null;
  #control: ControlStream | null = null;
  #isReady = false;
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
    const patience = setTimeout(() => {
      this.#refuse(`expected a hello within ${helloTimeoutMs} ms`, stream);
    }, helloTimeoutMs);
    const rest = (): void => {
      clearTimeout(patience);
    };
    stream.once('end', rest);
    stream.once('cancelled', rest);
    stream.once('data', (message: FromDestination) => {
      rest();
      this.#admit(stream, message);
    });
  }

  #admit(stream: ControlStream, message: FromDestination): void {
    if (!('hello' in message)) this.#refuse('expected a hello', stream);
    // Not which one: knowing it is what tells the destination from a stranger.
    else if (message.hello.migrationId !== this.#hello.migrationId)
      this.#refuse('expected another migration', stream);
    else if (this.#control !== null) this.#refuse('this migration has a destination already', stream);
    else this.#takeDestination(stream, message.hello);
  }

  #takeDestination(stream: ControlStream, hello: DestinationHello): void {
    this.#control = stream;
    stream.on('data', (message: FromDestination) => {
      this.#onControl(message);
      this.#waiters.poke();
    });
    const lost = (): void => {
      if (this.#completedPages === null)
        this.#waiters.fail(
          new LivemigError('PROTOCOL_VIOLATION', 'the destination left before the migration was complete'),
        );
    };
    stream.on('end', lost);
    stream.on('cancelled', lost);
    this.#onHello(hello);
    this.#waiters.poke();
  }

  #onControl(message: FromDestination): void {
    if ('hello' in message) this.#violation('a second hello');
    else if ('ready' in message) this.#isReady = true;
    else if ('receipt' in message) this.#events.receipt(message.receipt.channel, message.receipt.sequence);
    else if ('barrierReached' in message)
      this.#barrierReached = Math.max(this.#barrierReached, message.barrierReached.id);
    else if ('resumed' in message) this.#isResumed = true;
    else if ('completed' in message) this.#completedPages = message.completed.pages;
    else if ('abort' in message) {
      this.#waiters.fail(abortedBy('destination', message.abort));
    } else this.#violation('an empty control message');
  }

  #onHello(hello: DestinationHello): void {
    const missing = this.#hello.capabilities.filter(({ name }) => !hello.capabilities.includes(name));
    const wrong =
      hello.version !== migrationVersion
        ? `expected protocol version ${migrationVersion}, got ${hello.version}`
        : missing.length > 0
          ? `expected a destination that knows ${missing.map(({ name }) => name).join(', ')}`
          : null;
    if (wrong === null) this.#send({ hello: this.#hello });
    else {
      this.abort('PROTOCOL_VIOLATION', wrong);
      this.#violation(wrong);
    }
  }

  #takePages(stream: PagesStream): void {
    const { migrationId, channel } = stream.request;
    stream.on('error', () => undefined);
    const isWanted =
      migrationId === this.#hello.migrationId &&
      channel < this.#hello.channels &&
      this.channels[channel] === undefined;
    if (!isWanted) {
      stream.end();
      this.#refuse(`expected no pages stream ${channel} of that migration`);
      return;
    }
    this.channels[channel] = new Channel(stream);
    // Tells the client that the stream is open; without it that would wait for the first page.
    stream.sendMetadata(new Metadata());
    this.#waiters.poke();
  }

  #takeFaults(stream: FaultStream): void {
    stream.on('error', () => undefined);
    let isOurs = false;
    stream.on('data', (message: FaultMessage) => {
      if ('migrationId' in message) {
        isOurs = message.migrationId === this.#hello.migrationId && this.faultChannel === null;
        if (isOurs) this.faultChannel = new Channel(stream);
        else {
          stream.end();
          this.#refuse('expected no faults stream of that migration');
        }
        this.#waiters.poke();
      } else if (isOurs) this.#onPageRequest(message.page);
    });
    stream.on('end', () => stream.end());
  }

  #onPageRequest(page: number): void {
    if (Number.isInteger(page) && page >= 0 && page < this.#hello.pageCount) this.#events.pageRequested(page);
    else this.#violation(`a request for page ${page} of ${this.#hello.pageCount}`);
  }

  #send(message: FromSource): void {
    this.#control?.write(message);
  }

  /** Sequences written so far, by channel. */
  get sequences(): number[] {
    return this.channels.map((channel) => channel.sequence);
  }

  /** @throws LivemigError TIMEOUT, or what the destination did wrong. */
  async untilConnected(): Promise<void> {
    const isOpen = (): boolean =>
      this.#isReady &&
      this.faultChannel !== null &&
      // Streams come in any order: a hole is one that is still missing.
      Object.keys(this.channels).length === this.#hello.channels;
    const timer = setTimeout(() => {
      this.#waiters.fail(new LivemigError('TIMEOUT', `no destination agreed within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    try {
      await this.#waiters.until(isOpen);
    } finally {
      clearTimeout(timer);
    }
  }

  async barrier(): Promise<void> {
    const id = ++this.#barriersSent;
    this.#send({ barrier: { id, after: this.sequences } });
    await this.#waiters.until(() => this.#barrierReached >= id);
  }

  async untilResumed(): Promise<void> {
    await this.#waiters.until(() => this.#isResumed);
  }

  /** Says that every page has been sent and waits for the destination's word that it has them all. */
  async complete(): Promise<void> {
    const pages = this.#hello.pageCount;
    this.#send({ allPagesSent: { after: this.sequences, pages } });
    await this.#waiters.until(() => this.#completedPages !== null);
    if (this.#completedPages !== pages)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected ${pages} pages at the destination, it has ${this.#completedPages}`,
      );
  }

  abort(code: ErrorCode, reason: string): void {
    this.#send({ abort: { code, reason } });
  }

  /** Ends every stream and stops listening; a failed migration tells the destination why. */
  async close(error: unknown): Promise<void> {
    if (error !== null) this.abort(codeOf(error), messageOf(error));
    this.channels.forEach((channel) => {
      channel.end();
    });
    this.faultChannel?.end();
    this.#control?.end();
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
