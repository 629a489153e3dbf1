import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GuestConfig } from '../../proto/guest.ts';
import { nextRandom } from './page-bodies/pool.ts';
import { registerWords } from './shared.ts';
import type { GuestBuffers } from './shared.ts';

/** Bytes made between two looks at the event loop. */
const prepareChunkBytes = 4 << 20;

/** Bytes of all vCPUs' registers: the end of the device state. */
export const registerBytesOf = ({ vcpus }: Pick<GuestConfig, 'vcpus'>): number => vcpus * registerWords * 4;

/** Bytes of a guest's device state: as configured, but at least the vCPUs' registers. */
export const deviceStateBytesOf = (guest: GuestConfig): number =>
  Math.max(guest.deviceStateBytes, registerBytesOf(guest));

/**
 * A guest's device state at the source: bytes that stand for its devices', then the vCPUs' registers. The devices' are
 * made and hashed when the guest boots, since an emulator's work on stand-ins is no part of a downtime; only the
 * registers, which stand last, are of the moment of the pause.
 */
export class DeviceState {
  readonly #state: Buffer;
  readonly #registers: Buffer;
  /** Over everything in front of the registers. */
  readonly #devicesHash: Hash;

  private constructor(state: Buffer, registers: Buffer, devicesHash: Hash) {
    this.#state = state;
    this.#registers = registers;
    this.#devicesHash = devicesHash;
  }

  static async prepare(guest: GuestConfig, buffers: GuestBuffers): Promise<DeviceState> {
    const state = Buffer.alloc(deviceStateBytesOf(guest));
    const devices = state.subarray(0, state.length - registerBytesOf(guest));
    const hash = createHash('sha256');
    let random = guest.seed | 1;
    for (let from = 0; from < devices.length; from += prepareChunkBytes) {
      const chunk = devices.subarray(from, from + prepareChunkBytes);
      for (let at = 0; at + 4 <= chunk.length; at += 4)
        chunk.writeUInt32LE((random = nextRandom(random)), at);
      hash.update(chunk);
      await nextTurn();
    }
    return new DeviceState(state, Buffer.from(buffers.registers), hash);
  }

  /** The paused guest's state with its SHA-256. The bytes are this object's own: the next save changes them. */
  save(): { state: Buffer; digest: Buffer } {
    const at = this.#state.length - this.#registers.length;
    this.#registers.copy(this.#state, at);
    const digest = this.#devicesHash.copy().update(this.#state.subarray(at)).digest();
    return { state: this.#state, digest };
  }
}

/** Puts the registers, which end a device state, in place, so that every vCPU goes on where it stopped. */
export const loadRegisters = (buffers: GuestBuffers, registers: Buffer): void => {
  registers.copy(Buffer.from(buffers.registers));
};
