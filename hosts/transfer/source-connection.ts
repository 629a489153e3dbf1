import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { FromDestination, FromSource } from '../../proto/migration.ts';
import type { PageSet } from '../guest/page-set.ts';
import type { Channel } from './channel.ts';
import { addReceived } from './received-bitmap.ts';
import type { ReceivedChunk } from './received-bitmap.ts';

export type ControlStream = ServerDuplexStream<FromDestination, FromSource>;

/** What the destination of a connection that recovers says of itself. */
export interface Remains {
  /** Pages that it has. */
  received: PageSet;
  /** Whether the order to resume has arrived. */
  resumed: boolean;
}

/** The source's end of the streams over which a destination talks to it, until they are lost. */
export class SourceConnection {
  readonly #control: ControlStream;
  readonly #channelCount: number;
  /** Bulk channels by number. Streams come in any order: a hole is one that is still missing. */
  readonly channels: Channel[] = [];
  faultChannel: Channel | null = null;
  /** The destination has agreed to everything. */
  isReady = false;
  /** Null = the migration's first connection. */
  readonly remains: Remains | null;

  constructor(control: ControlStream, channelCount: number, remains: Remains | null) {
    this.#control = control;
    this.#channelCount = channelCount;
    this.remains = remains;
  }

  get isOpen(): boolean {
    return (
      this.isReady && this.faultChannel !== null && Object.keys(this.channels).length === this.#channelCount
    );
  }

  send(message: FromSource): void {
    this.#control.write(message);
  }

  /**
   * A piece of what the destination has.
   * @returns what is wrong with it; null = nothing.
   */
  received(chunk: ReceivedChunk): string | null {
    const pages = this.remains?.received;
    if (pages === undefined || this.isReady) return 'pages received, over a connection that does not recover';
    return addReceived(pages, chunk);
  }

  end(): void {
    this.channels.forEach((channel) => {
      channel.end();
    });
    this.faultChannel?.end();
    this.#control.end();
  }

  /** Nothing that is said over it counts any more. */
  destroy(): void {
    this.channels.forEach((channel) => {
      channel.destroy();
    });
    this.faultChannel?.destroy();
    this.#control.destroy();
  }
}
