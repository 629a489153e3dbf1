import type { DiskStore } from '#hosts/guest/disk-store';

const chunkBytes = 1 << 16;

/** A model guest's disk in this process's memory; chunks never written take none. */
export class MemoryStore implements DiskStore {
  readonly #chunks = new Map<number, Buffer>();

  /** Chunk by chunk: `act` gets the chunk's number, the offset in it, the offset in the whole, and the length. */
  #each(
    bytes: number,
    position: number,
    act: (chunk: number, inChunk: number, done: number, part: number) => void,
  ): void {
    for (let done = 0; done < bytes;) {
      const inChunk = (position + done) % chunkBytes;
      const part = Math.min(chunkBytes - inChunk, bytes - done);
      act(Math.floor((position + done) / chunkBytes), inChunk, done, part);
      done += part;
    }
  }

  read(target: Uint8Array, at: number, bytes: number, position: number): void {
    this.#each(bytes, position, (number, inChunk, done, part) => {
      const chunk = this.#chunks.get(number);
      if (chunk === undefined) target.fill(0, at + done, at + done + part);
      else chunk.copy(target, at + done, inChunk, inChunk + part);
    });
  }

  write(source: Uint8Array, at: number, bytes: number, position: number): void {
    this.#each(bytes, position, (number, inChunk, done, part) => {
      let chunk = this.#chunks.get(number);
      if (chunk === undefined) this.#chunks.set(number, (chunk = Buffer.alloc(chunkBytes)));
      chunk.set(source.subarray(at + done, at + done + part), inChunk);
    });
  }

  close(): void {
    this.#chunks.clear();
  }
}
