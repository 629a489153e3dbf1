import { LivemigError } from '#proto/errors';
import type { LinkTimeouts } from '#proto/link-timeouts';
import type { Cancel } from '#hosts/clock';
import { every } from '#hosts/clock';
import type { Unreadable } from '#hosts/transfer/unreadable';
import type { MessageStream, StreamEvents } from '#hosts/transfer/wire';
import type { Frames, Serialised } from './frames.ts';
import { bareSegmentBytes, wireBytesOf } from './model-link.ts';
import type { Flow, ModelLink } from './model-link.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A ping with an HTTP/2 frame header. */
const pingBytes = bareSegmentBytes + 17;

export type Read<T> = (bytes: Buffer) => T | Unreadable;

/** What the connections of a wire share. */
export interface StreamSurroundings {
  readonly clock: VirtualClock;
  readonly timeouts: LinkTimeouts;
  readonly frames: Frames;
  readonly connections: Set<Connection>;
  tap: ((stream: string, message: Buffer) => void) | null;
  corrupt: (stream: string, message: Buffer) => Buffer;
  gone: (connection: Connection) => void;
}

/** One end of a connection: what it receives and what it sends. */
export class End<In, Out> implements MessageStream<In, Out> {
  readonly #wire: StreamSurroundings;
  readonly #link: ModelLink;
  readonly #flow: Flow;
  readonly #connection: Connection;
  readonly #serialize: (message: Out) => Serialised;
  readonly #read: Read<In>;
  readonly #name: string;
  #events: StreamEvents<In> | null = null;
  /** What was sent before the connection was established. */
  #early: (() => void)[] | null = [];
  #answerDue: Cancel | null = null;
  #isLost = false;
  hasEnded = false;

  constructor(
    wire: StreamSurroundings,
    connection: Connection,
    link: ModelLink,
    name: string,
    codec: { serialize: (message: Out) => Serialised; read: Read<In> },
  ) {
    this.#wire = wire;
    this.#connection = connection;
    this.#link = link;
    this.#flow = link.flow();
    this.#name = name;
    this.#serialize = codec.serialize;
    this.#read = codec.read;
  }

  listen(events: StreamEvents<In>): void {
    this.#events = events;
  }

  /** The connection is established: what was sent meanwhile goes out. */
  opened(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const say of early) say();
  }

  /** Goes out before all else. */
  request(bytes: number, arrived: () => void): void {
    const early = this.#early;
    this.#early = null;
    this.#say(wireBytesOf(bytes), arrived);
    this.#early = early;
  }

  /** Sends something over this connection, in order. */
  #say(bytes: number, arrived: () => void, accepted: () => void = () => undefined): void {
    const act = (): void => {
      if (this.#connection.isOver) return;
      const heard = (): void => {
        if (!this.#connection.isOver) arrived();
      };
      this.#link.send(this.#flow, { bytes, accepted, arrived: heard });
    };
    if (this.#early === null) act();
    else this.#early.push(act);
  }

  write(message: Out, written: (error?: Error | null) => void = () => undefined): void {
    if (this.#connection.isOver || this.hasEnded) {
      written(new Error(`write on the ${this.#name} stream, which has ended`));
      return;
    }
    const frame = this.#wire.corrupt(this.#name, this.#wire.frames.of(this.#serialize(message)));
    const peer = this.#connection.peerOf(this);
    this.#wire.tap?.(this.#name, frame);
    this.#say(
      wireBytesOf(frame.length),
      () => {
        peer.heard(frame);
      },
      () => {
        queueMicrotask(written);
      },
    );
  }

  heard(frame: Buffer): void {
    this.#events?.data(this.#read(frame));
    this.#wire.frames.giveBack(frame);
  }

  end(): void {
    if (this.hasEnded || this.#connection.isOver) return;
    this.hasEnded = true;
    // As in gRPC, where calls end with a client that is closed before it has a connection.
    if (!this.#connection.isOpen) {
      this.#connection.over();
      return;
    }
    const peer = this.#connection.peerOf(this);
    this.#say(bareSegmentBytes, () => {
      peer.#events?.ended();
      this.#connection.heardEnd(this);
    });
  }

  destroy(): void {
    this.#connection.reset(this);
  }

  ping(answerMaxMs: number): void {
    if (this.#answerDue !== null) return;
    const peer = this.#connection.peerOf(this);
    this.#answerDue = this.#wire.clock.timer(answerMaxMs, () => {
      this.lost('nothing has come back over it');
      this.#connection.reset(this);
    });
    this.#say(pingBytes, () => {
      peer.#say(pingBytes, () => {
        this.#answerDue?.();
        this.#answerDue = null;
      });
    });
  }

  /** Reset, or gone silent. */
  lost(why: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const cause = new Error(why);
    this.#events?.lost(new LivemigError('CONNECTION_LOST', `the ${this.#name} stream broke off`, { cause }));
  }

  /**
   * The peer has gone. This end learns it once the peer's last message arrives, or when the connection stays silent.
   */
  bereaved(pingEveryMs: number, answerMaxMs: number): Cancel {
    this.#link.drop(this.#flow);
    this.#answerDue ??= this.#wire.clock.timer(pingEveryMs + answerMaxMs, () => {
      this.lost('nothing has come back over it');
    });
    return this.#answerDue;
  }

  /** Sends nothing more, and reports nothing more. */
  forget(): void {
    this.#answerDue?.();
    this.#answerDue = null;
    this.#link.drop(this.#flow);
  }

  /** Reports, after what is already in flight, that the connection is gone. */
  sayReset(arrived: () => void): void {
    this.#link.drop(this.#flow);
    this.#link.send(this.#flow, { bytes: bareSegmentBytes, accepted: () => undefined, arrived });
  }
}

export type AnyEnd = End<never, never>;

/** A connection of one stream. */
export class Connection {
  readonly #wire: StreamSurroundings;
  readonly #ends: AnyEnd[] = [];
  #rest: Cancel = () => undefined;
  #isOpen = false;
  #isOver = false;

  constructor(wire: StreamSurroundings) {
    this.#wire = wire;
    wire.connections.add(this);
  }

  /** The handshake is done. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param rest ends the wait if the connection is given up meanwhile. */
  waits(rest: Cancel): void {
    this.#rest = rest;
  }

  join<In, Out>(destination: End<In, Out>, source: End<never, never>): void {
    this.#ends.push(destination as unknown as AnyEnd, source);
  }

  peerOf(end: object): AnyEnd {
    return this.#ends[0] === end ? this.#ends[1]! : this.#ends[0]!;
  }

  /** The destination may send. Its request comes first, and creates the source's end. */
  opened(visit: () => void, requestBytes: number): void {
    this.#isOpen = true;
    const [destination, source] = this.#ends;
    destination?.request(requestBytes, () => {
      source?.opened();
      visit();
    });
    destination?.opened();
    const { pingEveryMs, answerMaxMs } = this.#wire.timeouts;
    this.#rest = every(this.#wire.clock, pingEveryMs, () => {
      for (const end of this.#ends) end.ping(answerMaxMs);
    });
  }

  /** The last message of an end has arrived; the source's ends the call. */
  heardEnd(by: object): void {
    const [destination, source] = this.#ends;
    if (by === source || (destination?.hasEnded === true && source?.hasEnded === true)) this.over();
  }

  /** One end has dropped the connection: the other learns that it is lost. */
  reset(by: object): void {
    if (this.#isOver) return;
    const peer = this.peerOf(by);
    const speaker = this.peerOf(peer);
    // The peer has never heard of it.
    if (!this.#isOpen) {
      this.over();
      return;
    }
    this.#end();
    speaker.forget();
    const { pingEveryMs, answerMaxMs } = this.#wire.timeouts;
    const isKnown = peer.bereaved(pingEveryMs, answerMaxMs);
    speaker.sayReset(() => {
      isKnown();
      peer.lost('it was reset');
    });
  }

  /** Both ends learn at once that it is lost, as when a link goes down. */
  lose(): void {
    if (this.#isOver) return;
    this.over();
    for (const end of this.#ends) end.lost('the connection is lost');
  }

  over(): void {
    if (this.#isOver) return;
    for (const end of this.#ends) end.forget();
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#rest();
    this.#wire.gone(this);
  }
}
