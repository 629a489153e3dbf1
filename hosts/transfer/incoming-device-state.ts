import { createHash } from 'node:crypto';
import { deviceStateChunkMaxBytes, digestBytes } from '../../proto/migration.ts';
import { demandWithin, violation } from './phase-machine.ts';

/**
 * A device state on its way in: never more of it than was announced, and whole only with its digest. It is hashed chunk by
 * chunk, while the next one is under way, so that next to nothing is left to do after the last. Of the devices' bytes,
 * which are stand-ins, nothing is kept.
 */
export class IncomingDeviceState {
  readonly #stateBytes: number;
  readonly #registerBytes: number;
  #receivedBytes = 0;
  #hash = createHash('sha256');
  /** The last bytes so far: as many as there are of registers. */
  #tail = Buffer.alloc(0);

  /** @param stateBytes of the whole. @param registerBytes of its end. */
  constructor(stateBytes: number, registerBytes: number) {
    this.#stateBytes = stateBytes;
    this.#registerBytes = registerBytes;
  }

  /** What has come so far belongs to a connection that is lost: it comes again from its beginning. */
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
    // Joined, these are bytes of their own: the chunk's message is not to be kept for them.
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
