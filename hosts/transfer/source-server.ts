import { codeOf, LivemigError, messageOf } from '#proto/errors';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { abortedBy, abortFor } from '#proto/migration';
import type {
  DestinationHello,
  FaultMessage,
  FromDestination,
  OpenChannel,
  SourceHello,
} from '#proto/migration';
import type { MigrationClock } from '../clock.ts';
import { BlockSpace } from '../block-space.ts';
import { disagreementOf, refusalOf, untilHello } from './admission.ts';
import { Channel } from './channel.ts';
import { violation } from './phase-machine.ts';
import type { Remains } from './rules-at-source.ts';
import { SourceConnection } from './source-connection.ts';
import { isUnreadable } from './unreadable.ts';
import type { Unreadable } from './unreadable.ts';
import type { Waiters } from './waiters.ts';
import type { BulkStream, ControlAtSource, FaultsAtSource, SourceWire } from './wire.ts';

export interface SourceServerEvents {
  receipt(channel: number, sequence: number): void;
  pageRequested(page: number): void;
  /** A stranger was turned away. */
  refused(reason: string): void;
  /** The connection is lost. Returns whether the migration can continue over another one. */
  lost?(): boolean;
  /** Another connection is up. */
  recovered?(remains: Remains): void;
}

export interface SourceServerParts {
  wire: SourceWire;
  clock: MigrationClock;
  hello: SourceHello;
  waiters: Waiters;
  events: SourceServerEvents;
  timeouts: LinkTimeouts;
}

/**
 * The source's end of the migration protocol: takes one destination, and turns its messages into state that the session
 * waits for. What breaks the protocol fails every wait. The destination is whoever knows the migration's id; anyone
 * else is turned away without any effect.
 */
export class SourceServer {
  readonly #wire: SourceWire;
  readonly #clock: MigrationClock;
  readonly #hello: SourceHello;
  readonly #events: SourceServerEvents;
  readonly #waiters: Waiters;
  readonly #timeouts: LinkTimeouts;
  #connection: SourceConnection | null = null;
  #connections = 0;
  readonly #history = { isOrdered: false, isResumed: false };
  #isCompleted = false;
  #barriersSent = 0;

  constructor({ wire, clock, hello, waiters, events, timeouts }: SourceServerParts) {
    this.#wire = wire;
    this.#clock = clock;
    this.#hello = hello;
    this.#waiters = waiters;
    this.#events = events;
    this.#timeouts = timeouts;
  }

  /** @throws LivemigError TESTBED_FAILED when the address can't be bound. */
  async listen(): Promise<void> {
    await this.#wire.open({
      control: (stream) => {
        this.#takeControl(stream);
      },
      pages: (stream, opening) => {
        this.#takePages(stream, opening);
      },
      faults: (stream) => {
        this.#takeFaults(stream);
      },
    });
  }

  /**
   * Handles a message from the destination. What breaks the protocol ends the migration, and the destination is told
   * why.
   */
  #guarded(take: () => void): void {
    if (this.#waiters.failed) return;
    try {
      take();
    } catch (error) {
      this.abort(error);
      const what = `the destination broke the migration protocol: ${messageOf(error)}`;
      this.#waiters.fail(new LivemigError(codeOf(error), what));
    }
    this.#waiters.poke();
  }

  /** @param stream told why, if it takes messages. */
  #refuse(reason: string, stream?: ControlAtSource): void {
    stream?.write({ abort: abortFor(violation(reason)) });
    stream?.end();
    this.#events.refused(reason);
  }

  #takeControl(stream: ControlAtSource): void {
    const refuse = (reason: string): void => {
      this.#refuse(reason, stream);
    };
    untilHello(stream, this.#clock, this.#timeouts.helloMs, refuse, (hello) => {
      const connections = { count: this.#connections, isUp: this.#connection !== null };
      const refusal = refusalOf(hello, this.#hello, connections);
      if (refusal === null) this.#takeDestination(stream, hello);
      else refuse(refusal);
    });
  }

  #takeDestination(stream: ControlAtSource, hello: DestinationHello): void {
    const connection = new SourceConnection(stream, this.#hello, this.#history);
    this.#connection = connection;
    this.#connections++;
    const lost = (): void => {
      this.#lost(connection);
    };
    // Only this one of its streams is watched: when another is lost, the destination closes this one.
    stream.listen({
      data: (message) => {
        if (connection !== this.#connection) return;
        this.#guarded(() => {
          this.#onControl(connection, message);
        });
      },
      ended: lost,
      lost,
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
        new LivemigError('CONNECTION_LOST', 'the destination left before the migration was complete'),
      );
      return;
    }
    this.#connection = null;
    connection.destroy();
    this.#waiters.poke();
  }

  /** How many connections there were; a change means that one was lost in between. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Returns a check whether the current connection still stands: what began over it must not continue over another one.
   */
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

  /** Whether the destination has said, at a legal time, that it has the whole guest. */
  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** Called with each thing that a connection needs: the last one completes it. */
  #opened(connection: SourceConnection): void {
    const { isOpen, rules, earlyRequests } = connection;
    if (!isOpen || rules.remains === null) return;
    this.#events.recovered?.(rules.remains);
    for (const page of earlyRequests.splice(0)) this.#events.pageRequested(page);
  }

  #onControl(connection: SourceConnection, message: FromDestination | Unreadable): void {
    if (isUnreadable(message)) throw message.unreadable;
    connection.rules.heard(message);
    if ('receipt' in message) this.#events.receipt(message.receipt.channel, message.receipt.sequence);
    else if ('ready' in message) this.#opened(connection);
    else if ('completed' in message) this.#isCompleted = true;
    else if ('abort' in message) this.#waiters.fail(abortedBy('destination', message.abort));
  }

  #takePages(stream: BulkStream, opening: OpenChannel | Unreadable): void {
    const connection = this.#connection;
    const isWanted = (channel: number): boolean =>
      channel < this.#hello.channels && connection?.channels[channel] === undefined;
    const channel =
      !isUnreadable(opening) && opening.migrationId === this.#hello.migrationId && isWanted(opening.channel)
        ? opening.channel
        : null;
    if (connection === null || channel === null) {
      stream.end();
      this.#refuse('expected no such pages stream of that migration');
      return;
    }
    connection.addChannel(channel, stream);
    this.#opened(connection);
    this.#waiters.poke();
  }

  #takeFaults(stream: FaultsAtSource): void {
    let isIntroduced = false;
    /** Where it belongs; null = nowhere. */
    let connection: SourceConnection | null = null;
    const { helloMs } = this.#timeouts;
    const introduced = (): void => {
      isIntroduced = true;
      patience();
    };
    const patience = this.#clock.timer(helloMs, () => {
      introduced();
      stream.end();
      this.#refuse(`expected the migration of a faults stream within ${Math.round(helloMs)} ms`);
    });
    stream.listen({
      data: (message) => {
        if (!isIntroduced) {
          introduced();
          connection = this.#faultsOf(message, stream);
        } else if (connection !== null && connection === this.#connection) this.#onFault(connection, message);
      },
      ended: () => {
        introduced();
        stream.end();
      },
      lost: introduced,
    });
  }

  /** Gives a Faults stream to the connection that it belongs to; null = none, and it is refused. */
  #faultsOf(message: FaultMessage | Unreadable, stream: FaultsAtSource): SourceConnection | null {
    const isOurs = 'migrationId' in message && message.migrationId === this.#hello.migrationId;
    const connection = isOurs && this.faultChannel === null ? this.#connection : null;
    if (connection === null) {
      stream.end();
      this.#refuse('expected no faults stream of that migration');
      return null;
    }
    connection.faultChannel = new Channel(stream);
    this.#opened(connection);
    this.#waiters.poke();
    return connection;
  }

  #onFault(connection: SourceConnection, message: FaultMessage | Unreadable): void {
    this.#guarded(() => {
      if (isUnreadable(message)) throw message.unreadable;
      const page = connection.rules.faulted(message);
      // What the destination has must be known first: the page may be one to be sent again.
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
    const rest = this.#clock.timer(agreeMs, () => {
      this.#waiters.fail(
        new LivemigError(
          'TIMEOUT',
          `no destination agreed within ${Math.round(agreeMs)} ms: ${this.#connections === 0 ? 'none reached the source' : 'one came, but did not get that far'}. ` +
            'The guest runs on at the source; see whether the destination reaches it (routes, a firewall, a cut link)',
        ),
      );
    });
    try {
      await this.#waiters.until(() => this.isConnected);
    } finally {
      rest();
    }
  }

  async barrier(): Promise<void> {
    // A lost connection takes its barriers with it: the destination itself reports what it has when it is back.
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
   * Announces that every page has been sent, and waits until the destination confirms them all.
   * @returns false if the connection was lost meanwhile: pages may have to be sent again.
   */
  async complete(): Promise<boolean> {
    const connection = this.#connection;
    if (connection !== null) {
      connection.rules.allPagesSent();
      const { blockCount } = new BlockSpace(this.#hello.regions);
      connection.send({ allPagesSent: { after: this.sequences, pages: blockCount } });
    }
    await this.#waiters.until(() => this.#isCompleted || connection !== this.#connection);
    return this.#isCompleted;
  }

  abort(error: unknown): void {
    this.#connection?.abort(error);
  }

  /** Ends every stream and stops listening; a failed migration tells the destination why. */
  async close(error: unknown): Promise<void> {
    if (error !== null) this.abort(error);
    this.#connection?.end();
    // A destination that doesn't hang up must not hold up the source.
    await new Promise<void>((resolve) => {
      const rest = this.#clock.timer(this.#timeouts.farewellMs, resolve);
      void this.#wire.close().then(() => {
        rest();
        resolve();
      });
    });
    this.#wire.destroy();
  }
}
