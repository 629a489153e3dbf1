import type { BulkMessage, OutgoingBulkMessage } from '#proto/bulk';
import type { LivemigError } from '#proto/errors';
import type { FaultMessage, FromDestination, FromSource, OpenChannel } from '#proto/migration';
import type { Unreadable } from './unreadable.ts';

/**
 * The wire between the two ends of a migration, as they see it: streams of messages of migration.proto. one is gRPC
 * (grpc/), the other a modelled link in virtual time (simulation/memory-wire.ts).
 */

export interface StreamEvents<In> {
  data(message: In | Unreadable): void;
  /** The peer has nothing more to say. */
  ended(): void;
  /** CONNECTION_LOST if the connection is lost, PROTOCOL_VIOLATION if no other connection would help. */
  lost(error: LivemigError): void;
}

/** One end of a stream. */
export interface MessageStream<In, Out> {
  /** Sets who is told from now on. Nothing is read from the wire before the first listener. */
  listen(events: StreamEvents<In>): void;
  /** @param written is told when the message has left this process, or that it never will. */
  write(message: Out, written?: (error?: Error | null) => void): void;
  /** Nothing more follows; what was written still goes out. */
  end(): void;
  /** Drops what hasn't left this process. */
  destroy(): void;
}

export type BulkStream = MessageStream<never, OutgoingBulkMessage>;
export type ControlAtSource = MessageStream<FromDestination, FromSource>;
export type FaultsAtSource = MessageStream<FaultMessage, OutgoingBulkMessage>;

/** What a destination, or a stranger, opens at the source. */
export interface SourceVisits {
  control(stream: ControlAtSource): void;
  pages(stream: BulkStream, opening: OpenChannel | Unreadable): void;
  faults(stream: FaultsAtSource): void;
}

/** The source's end. */
export interface SourceWire {
  /** @throws LivemigError TESTBED_FAILED when the address can't be bound. */
  open(visits: SourceVisits): Promise<void>;
  /** Stops listening; resolves when every stream has ended. */
  close(): Promise<void>;
  /** Ends what is left. */
  destroy(): void;
}

/** What knocking at the source's port finds. */
export type Door = 'open' | 'refused' | 'silent';

/** The destination's end of one connection to the source, with all its streams. */
export interface Dialled {
  control(): MessageStream<FromSource, FromDestination>;
  pages(opening: OpenChannel): MessageStream<BulkMessage, never>;
  faults(): MessageStream<BulkMessage, FaultMessage>;
  /** Why no connection can be made, if anything is known about it. */
  problem(): Promise<LivemigError | null>;
  /** Hangs up. What was said on Control before still goes out. */
  close(): void;
}

/** The destination's end. */
export interface DestinationWire {
  /** Where the source is, for messages. */
  readonly target: string;
  /** @param isPatient waits for a source that doesn't listen yet, instead of failing at the first refusal. */
  dial(isPatient: boolean): Dialled;
  /** Whether somebody listens there, within `maxMs`; never rejects. */
  knock(maxMs: number): Promise<Door>;
}
