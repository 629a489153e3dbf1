import type { BulkMessage } from '#proto/bulk';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { migrationService } from '#proto/migration';
import type { FaultMessage } from '#proto/migration';
import type { Cancel } from '#hosts/clock';
import { readableFrom } from '#hosts/transfer/unreadable';
import type {
  DestinationWire,
  Dialled,
  Door,
  MessageStream,
  SourceVisits,
  SourceWire,
} from '#hosts/transfer/wire';
import { Frames } from './frames.ts';
import type { Serialised } from './frames.ts';
import { Connection, End } from './memory-connection.ts';
import type { AnyEnd, Read, StreamSurroundings } from './memory-connection.ts';
import { bareSegmentBytes, ModelLink } from './model-link.ts';
import type { LinkModel } from './model-link.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** TCP resends a SYN and its answer after this time (TCP_TIMEOUT_INIT), which then doubles each time. */
const handshakeResendMs = 1000;
/** A patient destination tries again after this time (gRPC's initial back-off). */
const retryMs = 100;

const { control, pages, faults } = migrationService;
const fromSource = readableFrom('source');
const fromDestination = readableFrom('destination');

const readOpening = fromDestination(pages.requestDeserialize);

export interface MemoryWireOptions {
  clock: VirtualClock;
  /** From destination to source … */
  upward: LinkModel | ModelLink;
  /** … and back, the way of the pages. */
  downward: LinkModel | ModelLink;
  timeouts: LinkTimeouts;
  /** Round trips of a connection until its first byte: one of TCP, another one of TLS. */
  handshakeRoundTrips?: number;
  frames?: Frames;
}

/** Both ends of the wire in one process, and the link between them: messages travel as bytes of their real codecs. */
export class MemoryWire implements StreamSurroundings {
  readonly clock: VirtualClock;
  readonly timeouts: LinkTimeouts;
  readonly upward: ModelLink;
  readonly downward: ModelLink;
  readonly frames: Frames;
  readonly connections = new Set<Connection>();
  readonly #handshakeRoundTrips: number;
  #visits: SourceVisits | null = null;
  #emptied: () => void = () => undefined;
  /** Sees the bytes of every message as it is written. They belong to the frame: copy what is to be kept. */
  tap: ((stream: string, message: Buffer) => void) | null = null;
  /** Changes a message's bytes on the way: for peers that send what can't be read. */
  corrupt: (stream: string, message: Buffer) => Buffer = (_, message) => message;

  constructor({ clock, upward, downward, timeouts, handshakeRoundTrips = 1, frames }: MemoryWireOptions) {
    this.clock = clock;
    this.timeouts = timeouts;
    this.upward = upward instanceof ModelLink ? upward : new ModelLink(clock, upward);
    this.downward = downward instanceof ModelLink ? downward : new ModelLink(clock, downward);
    this.#handshakeRoundTrips = handshakeRoundTrips;
    this.frames = frames ?? new Frames();
  }

  /** All that is sent during this time is lost, and sent again; connections stay. */
  cut(durationMs: number): void {
    this.upward.cut(durationMs);
    this.downward.cut(durationMs);
  }

  /** Drops all connections and what is in flight in them; new ones can be made. */
  drop(): void {
    for (const connection of [...this.connections]) connection.lose();
  }

  gone(connection: Connection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.#emptied();
  }

  get source(): SourceWire {
    return {
      open: async (visits) => {
        this.#visits = visits;
      },
      close: () => {
        this.#visits = null;
        return new Promise((resolve) => {
          this.#emptied = resolve;
          if (this.connections.size === 0) resolve();
        });
      },
      destroy: () => {
        this.#visits = null;
        this.drop();
      },
    };
  }

  get destination(): DestinationWire {
    return {
      target: 'the source',
      dial: (isPatient) => this.#dial(isPatient),
      knock: (maxMs) => this.#knock(maxMs),
    };
  }

  /** A bare segment there and another one back. @param back is told whether anybody listens. @returns cancels it */
  #roundTrip(back: (isOpen: boolean) => void): Cancel {
    const none = (): void => undefined;
    const there = this.upward.flow(handshakeResendMs);
    const here = this.downward.flow(handshakeResendMs);
    this.upward.send(there, {
      bytes: bareSegmentBytes,
      accepted: none,
      arrived: () => {
        const isOpen = this.#visits !== null;
        const answer = { bytes: bareSegmentBytes, accepted: none, arrived: () => { back(isOpen); } }; // prettier-ignore
        this.downward.send(here, answer);
      },
    });
    return () => {
      this.upward.drop(there);
      this.downward.drop(here);
    };
  }

  #knock(maxMs: number): Promise<Door> {
    return new Promise((resolve) => {
      const rest = this.clock.timer(maxMs, () => {
        giveUp();
        resolve('silent');
      });
      const giveUp = this.#roundTrip((isOpen) => {
        rest();
        resolve(isOpen ? 'open' : 'refused');
      });
    });
  }

  #dial(isPatient: boolean): Dialled {
    const dialled: AnyEnd[] = [];
    /** @param visit how the source takes it, once its end exists. */
    const connect = <In, Out, SourceIn, SourceOut>(
      name: string,
      here: { serialize: (message: Out) => Serialised; read: Read<In> },
      there: { serialize: (message: SourceOut) => Serialised; read: Read<SourceIn> },
      visit: (visits: SourceVisits, stream: MessageStream<SourceIn, SourceOut>) => void,
      requestBytes = 0,
    ): End<In, Out> => {
      const connection = new Connection(this);
      const end = new End<In, Out>(this, connection, this.upward, name, here);
      const source = new End<SourceIn, SourceOut>(this, connection, this.downward, name, there);
      connection.join(end, source as unknown as AnyEnd);
      dialled.push(end as unknown as AnyEnd);
      const attempt = (roundTrips: number): void => {
        const giveUp = this.#roundTrip((isOpen) => {
          if (connection.isOver) return;
          if (!isOpen && isPatient) connection.waits(this.clock.timer(retryMs, () => { attempt(this.#handshakeRoundTrips); })); // prettier-ignore
          else if (!isOpen) {
            connection.over();
            end.lost('nobody listens there');
          } else if (roundTrips > 1) attempt(roundTrips - 1);
          else connection.opened(() => { if (this.#visits !== null) visit(this.#visits, source); }, requestBytes); // prettier-ignore
        });
        connection.waits(giveUp);
      };
      attempt(this.#handshakeRoundTrips);
      return end;
    };
    return {
      control: () =>
        connect(
          'control',
          { serialize: control.requestSerialize, read: fromSource(control.responseDeserialize) },
          { serialize: control.responseSerialize, read: fromDestination(control.requestDeserialize) },
          (visits, stream) => { visits.control(stream); },
        ), // prettier-ignore
      pages: (opening) => {
        const message = pages.requestSerialize(opening);
        return connect<BulkMessage, never, never, never>(
          `pages ${opening.channel}`,
          { serialize: () => message, read: fromSource(pages.responseDeserialize) },
          { serialize: pages.responseSerialize, read: () => ({}) as never },
          (visits, stream) => { visits.pages(stream, readOpening(message)); },
          message.length,
        ); // prettier-ignore
      },
      faults: () =>
        connect<BulkMessage, FaultMessage, FaultMessage, never>(
          'faults',
          { serialize: faults.requestSerialize, read: fromSource(faults.responseDeserialize) },
          { serialize: faults.responseSerialize, read: fromDestination(faults.requestDeserialize) },
          (visits, stream) => { visits.faults(stream); },
        ), // prettier-ignore
      problem: async () => null,
      close: () => {
        const [speech, ...others] = dialled;
        speech?.end();
        for (const end of others) end.destroy();
      },
    };
  }
}
