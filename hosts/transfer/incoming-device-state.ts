import { createHash } from 'node:crypto';
import { deviceStateChunkMaxBytes, digestBytes } from '../../proto/migration.ts';
import { demandWithin, violation } from './phase-machine.ts';

/** A device state on its way in: never more of it than was announced, and whole only with its digest. */
export class IncomingDeviceState {
  readonly #stateBytes: number;
  #pieces: Buffer[] = [];
  #receivedBytes = 0;
  #hash = createHash('sha256');

  /** @param stateBytes of the whole. */
  constructor(stateBytes: number) {
    this.#stateBytes = stateBytes;
  }

  /** What has come so far belongs to a connection that is lost: it comes again from its beginning. */
  restart(): void {
    this.#pieces = [];
    this.#receivedBytes = 0;
    this.#hash = createHash('sha256');
  }

  /** @returns the whole state with its last piece; null before. @throws LivemigError PROTOCOL_VIOLATION */
  take({ state, digest }: { state: Buffer; digest: Buffer }): Buffer | null {
    const left = this.#stateBytes - this.#receivedBytes;
    demandWithin('bytes of device state', state.length, 1, Math.min(left, deviceStateChunkMaxBytes));
    const isLast = state.length === left;
    // The digest in the last piece, and there only.
    demandWithin('bytes of digest', digest.length, isLast ? digestBytes : 0, isLast ? digestBytes : 0);
    this.#hash.update(state);
    this.#pieces.push(state);
    this.#receivedBytes += state.length;
    if (!isLast) return null;
    const whole = Buffer.concat(this.#pieces);
    const isSame = this.#hash.digest().equals(digest);
    this.restart();
    if (!isSame) throw violation('expected a device state of its digest, got one that does not match it');
    return whole;
  }
}
