import { Metadata, Server } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { OutgoingBulkMessage } from '../../proto/bulk.ts';
import { codeOf, LivemigError, messageOf } from '../../proto/errors.ts';
import type { ErrorCode } from '../../proto/errors.ts';
import type { LinkTimeouts } from '../../proto/link-timeouts.ts';
import { leastTimeouts } from '../../proto/link-timeouts.ts';
import { abortedBy, migrationService } from '../../proto/migration.ts';
import type {
  DestinationHello,
  FaultMessage,
  FromDestination,
  OpenChannel,
  SourceHello,
} from '../../proto/migration.ts';
import type { TlsCredentials } from '../../proto/tls.ts';
import { disagreementOf, refusalOf, untilHello } from './admission.ts';
import { Channel } from './channel.ts';
import { isUnreadable, readableFrom } from './broken-off.ts';
import { keepaliveOf } from './keepalive.ts';
import { violation } from './phase-machine.ts';
import type { Remains } from './rules-at-source.ts';
import { SourceConnection } from './source-connection.ts';
import type { ControlStream } from './source-connection.ts';
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

/** Everything that a destination says is small. */
const messageMaxBytes = 64 << 10;
const streamsPerConnectionMax = 8;

const readable = readableFrom('destination');
const { control: controlMethod, pages: pagesMethod, faults: faultsMethod } = migrationService;
/** Whose messages can all be read, if only as unreadable ones. */
const readableService = {
  control: { ...controlMethod, requestDeserialize: readable(controlMethod.requestDeserialize) },
  pages: { ...pagesMethod, requestDeserialize: readable(pagesMethod.requestDeserialize) },
  faults: { ...faultsMethod, requestDeserialize: readable(faultsMethod.requestDeserialize) },
};

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
  readonly #timeouts: LinkTimeouts;
  #connection: SourceConnection | null = null;
  #connections = 0;
  readonly #history = { isOrdered: false, isResumed: false };
  #isCompleted = false;
  #barriersSent = 0;

  private constructor(
    hello: SourceHello,
    waiters: Waiters,
    events: SourceServerEvents,
    timeouts: LinkTimeouts,
  ) {
    this.#timeouts = timeouts;
    this.#hello = hello;
    this.#waiters = waiters;
    this.#events = events;
    this.#server = new Server({
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': messageMaxBytes,
      'grpc.max_concurrent_streams': streamsPerConnectionMax,
      // A destination's connections each carry a stream; one that carries none for so long is a stranger's.
      'grpc.max_connection_idle_ms': timeouts.idleMs,
      ...keepaliveOf(timeouts),
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
    timeouts = leastTimeouts,
  ): Promise<SourceServer> {
    const self = new SourceServer(hello, waiters, events, timeouts);
    self.#server.addService(readableService, {
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

  /** Takes a word of the destination's. What breaks the protocol ends the migration, and the destination is told why. */
  #guarded(take: () => void): void {
    if (this.#waiters.failed) return;
    try {
      take();
    } catch (error) {
      this.abort(codeOf(error), messageOf(error));
      const what = `the destination broke the migration protocol: ${messageOf(error)}`;
      this.#waiters.fail(new LivemigError(codeOf(error), what));
    }
    this.#waiters.poke();
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
    untilHello(stream, this.#timeouts.helloMs, refuse, (hello) => {
      const connections = { count: this.#connections, isUp: this.#connection !== null };
      const refusal = refusalOf(hello, this.#hello, connections);
      if (refusal === null) this.#takeDestination(stream, hello);
      else refuse(refusal);
    });
  }

  #takeDestination(stream: ControlStream, hello: DestinationHello): void {
    const connection = new SourceConnection(stream, this.#hello, this.#history);
    this.#connection = connection;
    this.#connections++;
    stream.on('data', (message: FromDestination) => {
      if (connection !== this.#connection) return;
      this.#guarded(() => {
        this.#onControl(connection, message);
      });
    });
    // Of all its streams this one is watched: when another is lost the destination hangs this one up.
    for (const event of ['end', 'cancelled', 'error'])
      stream.on(event, () => {
        this.#lost(connection);
      });
    this.#guarded(() => {
      const wrong = disagreementOf(hello, this.#hello);
      if (wrong !== null) throw violation(wrong);
      connection.rules.admitted(hello);
      connection.send({ hello: this.#hello });
    });
  }

  #lost(connection: SourceConnection | null): void {
    if (this.#isCompleted || connection === null || connection !== this.#connection) return;
    if (this.#waiters.failed) return;
    if (this.#events.lost?.() !== true) {
      this.#waiters.fail(
        new LivemigError('AGENT_UNREACHABLE', 'the destination left before the migration was complete'),
      );
      return;
    }
    this.#connection = null;
    connection.destroy();
    this.#waiters.poke();
  }

  /** How many connections there were; a change says that one was lost in between. */
  get connections(): number {
    return this.#connections;
  }

  /** Says whether the connection that stands now still does: what was begun over it must not go on over another one. */
  stands(): () => boolean {
    const connections = this.#connections;
    return () => connections === this.#connections && this.isConnected;
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

  /** Whether the destination has said that it has the whole guest, when it might. */
  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** The last thing that a connection needs is there, or one more. */
  #opened(connection: SourceConnection): void {
    const { isOpen, rules, earlyRequests } = connection;
    if (!isOpen || rules.remains === null) return;
    this.#events.recovered?.(rules.remains);
    for (const page of earlyRequests.splice(0)) this.#events.pageRequested(page);
  }

  #onControl(connection: SourceConnection, message: FromDestination): void {
    if (isUnreadable(message)) throw message.unreadable;
    connection.rules.heard(message);
    if ('receipt' in message) this.#events.receipt(message.receipt.channel, message.receipt.sequence);
    else if ('ready' in message) this.#opened(connection);
    else if ('completed' in message) this.#isCompleted = true;
    else if ('abort' in message) this.#waiters.fail(abortedBy('destination', message.abort));
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
    connection.addChannel(channel, stream);
    // Tells the client that the stream is open; without it that would wait for the first page.
    stream.sendMetadata(new Metadata());
    this.#opened(connection);
    this.#waiters.poke();
  }

  #takeFaults(stream: FaultStream): void {
    stream.on('error', () => undefined);
    /** Where it belongs; null = nowhere. */
    let connection: SourceConnection | null = null;
    stream.once('data', (message: FaultMessage) => {
      const isOurs = 'migrationId' in message && message.migrationId === this.#hello.migrationId;
      connection = isOurs && this.faultChannel === null ? this.#connection : null;
      if (connection === null) {
        stream.end();
        this.#refuse('expected no faults stream of that migration');
        return;
      }
      connection.faultChannel = new Channel(stream);
      this.#opened(connection);
      this.#waiters.poke();
      stream.on('data', (next: FaultMessage) => {
        if (connection !== null && connection === this.#connection) this.#onFault(connection, next);
      });
    });
    stream.on('end', () => stream.end());
  }

  #onFault(connection: SourceConnection, message: FaultMessage): void {
    this.#guarded(() => {
      if (isUnreadable(message)) throw message.unreadable;
      const page = connection.rules.faulted(message);
      // What it needs first is what the destination has: a page may be one that is to be sent again.
      if (connection.isOpen) this.#events.pageRequested(page);
      else connection.earlyRequests.push(page);
    });
  }

  /** Sequences written so far, by channel. */
  get sequences(): number[] {
    return this.channels.map((channel) => channel.sequence);
  }

  /** @throws LivemigError TIMEOUT, or what the destination did wrong. */
  async untilConnected(): Promise<void> {
    const { agreeMs } = this.#timeouts;
    const timer = setTimeout(() => {
      this.#waiters.fail(
        new LivemigError(
          'TIMEOUT',
          `no destination agreed within ${Math.round(agreeMs)} ms: ${this.#connections === 0 ? 'none reached the source' : 'one came, but did not get that far'}. ` +
            'The guest runs on at the source; see whether the destination reaches it (routes, a firewall, a cut link)',
        ),
      );
    }, agreeMs);
    try {
      await this.#waiters.until(() => this.isConnected);
    } finally {
      clearTimeout(timer);
    }
  }

  async barrier(): Promise<void> {
    // A connection that is lost takes its barriers with it: what the destination has it says itself when it is back.
    await this.#waiters.until(() => this.isConnected);
    const connection = this.#connection!;
    const id = ++this.#barriersSent;
    connection.rules.barrierSent(id);
    connection.send({ barrier: { id, after: this.sequences } });
    await this.#waiters.until(() => connection !== this.#connection || !connection.rules.isOutstanding(id));
  }

  async untilResumed(): Promise<void> {
    await this.#waiters.until(() => this.#history.isResumed);
  }

  /**
   * Says that every page has been sent and waits for the destination's word that it has them all.
   * @returns false where the connection was lost meanwhile: there may be pages to be sent again.
   */
  async complete(): Promise<boolean> {
    const connection = this.#connection;
    if (connection !== null) {
      connection.rules.allPagesSent();
      connection.send({ allPagesSent: { after: this.sequences, pages: this.#hello.pageCount } });
    }
    await this.#waiters.until(() => this.#isCompleted || connection !== this.#connection);
    return this.#isCompleted;
  }

  abort(code: ErrorCode, reason: string): void {
    this.#connection?.abort(code, reason);
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
    const patience = new Promise<void>((resolve) => setTimeout(resolve, this.#timeouts.farewellMs).unref());
    await Promise.race([gone, patience]);
    this.#server.forceShutdown();
  }
}
