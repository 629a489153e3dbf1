import type { OutgoingBulkMessage } from '#proto/bulk';
import type { FaultsAtSource, BulkStream } from './wire.ts';

/** The body of a message; the channel numbers it. */
export type Body = OutgoingBulkMessage extends infer M
  ? M extends { sequence: number }
    ? Omit<M, 'sequence'>
    : never
  : never;

/** One stream of bulk messages from source to destination, on its own connection. */
export class Channel {
  readonly #stream: BulkStream | FaultsAtSource;
  readonly #onWrite: (body: Body) => void;
  #sequence = 0;
  #writing = 0;

  /** @param onWrite is told of every message, before it goes out. */
  constructor(stream: BulkStream | FaultsAtSource, onWrite: (body: Body) => void = () => undefined) {
    this.#stream = stream;
    this.#onWrite = onWrite;
  }

  /** Sequence of the last message written; 0 = none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether a message could be written without queueing behind another in this process. */
  get isIdle(): boolean {
    return this.#writing === 0;
  }

  /** Resolves when the message has left this process, which is this side's back-pressure. */
  write(body: Body): Promise<void> {
    this.#sequence++;
    this.#writing++;
    this.#onWrite(body);
    return new Promise((resolve, reject) => {
      this.#stream.write({ sequence: this.#sequence, ...body }, (error) => {
        this.#writing--;
        if (error) reject(error);
        else resolve();
      });
    });
  }

  end(): void {
    this.#stream.end();
  }

  /** Drops what hasn't left this process. */
  destroy(): void {
    this.#stream.destroy();
  }
}
