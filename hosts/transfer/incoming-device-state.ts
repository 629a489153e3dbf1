import { createHash } from 'node:crypto';
import { deviceStateChunkMaxBytes, digestBytes } from '#proto/migration';
import { demandWithin, violation } from './phase-machine.ts';

/**
 * An incoming device state: never more of it than was announced, and complete only with its digest. It is hashed chunk
 * by chunk, while the next one is in flight, so almost nothing is left to do after the last. The devices' bytes, which
 * are stand-ins, are not kept.
 */
export class IncomingDeviceState {
  readonly #stateBytes: number;
  readonly #registerBytes: number;
  #receivedBytes = 0;
  #hash = createHash('sha256');
  /** The last bytes so far: as many as the registers have. */
  #tail = Buffer.alloc(0);

  /** @param stateBytes of the whole. @param registerBytes of its end. */
  constructor(stateBytes: number, registerBytes: number) {
    this.#stateBytes = stateBytes;
    this.#registerBytes = registerBytes;
  }

  /** What has arrived so far belongs to a lost connection: it will be sent again from the beginning. */
  restart(): void {
    this.#receivedBytes = 0;
    this.#hash = createHash('sha256');
    this.#tail = Buffer.alloc(0);
  }

  /**
   * Takes the next chunk.
   * @param digest of the whole, with the last chunk; empty before.
   * @returns the registers, with the last chunk; null before.
   * @throws LivemigError PROTOCOL_VIOLATION
   */
  take({ state, digest }: { state: Buffer; digest: Buffer }): Buffer | null {
    const left = this.#stateBytes - this.#receivedBytes;
    demandWithin('bytes of device state', state.length, 1, Math.min(left, deviceStateChunkMaxBytes));
    const isLast = state.length === left;
    // The digest in the last chunk, and there only.
    demandWithin('bytes of digest', digest.length, isLast ? digestBytes : 0, isLast ? digestBytes : 0);
    this.#hash.update(state);
    this.#receivedBytes += state.length;
    // Concatenating copies the bytes, so the chunk's message isn't kept alive for them.
    const ending = state.subarray(-this.#registerBytes);
    this.#tail = Buffer.concat([this.#tail.subarray(-this.#registerBytes), ending]);
    if (!isLast) return null;
    const registers = this.#tail.subarray(-this.#registerBytes);
    const isSame = this.#hash.digest().equals(digest);
    this.restart();
    if (!isSame) throw violation('expected a device state of its digest, got one that does not match it');
    return registers;
  }
}
