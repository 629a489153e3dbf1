/** What a codec returns: enough of a Buffer to be copied (proto/bulk.ts). */
export interface Serialised {
  byteLength: number;
  copy(target: Buffer, at: number): number;
}

/** Smaller buffers come from Node's own pool. */
const pooledBytes = 2048;

/** Reused buffers for messages in flight: touching fresh memory costs more than the copy. */
export class Frames {
  readonly #free = new Map<number, Buffer[]>();

  /** The message's bytes; they belong to the frame until it is given back. */
  of(message: Serialised): Buffer {
    const { byteLength } = message;
    const size = byteLength <= pooledBytes ? byteLength : 2 ** Math.ceil(Math.log2(byteLength));
    const frame = this.#free.get(size)?.pop() ?? Buffer.allocUnsafe(size);
    message.copy(frame, 0);
    return frame.subarray(0, byteLength);
  }

  /** The message is no longer needed. */
  giveBack(message: Buffer): void {
    if (message.length <= pooledBytes) return;
    const size = 2 ** Math.ceil(Math.log2(message.length));
    const frame = Buffer.from(message.buffer, message.byteOffset, size);
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [frame]);
    else free.push(frame);
  }
}
