import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LivemigError } from '#proto/errors';
import type { GuestConfig } from '#proto/guest';
import { nextRandom } from '#catalogue/contents/parts/pool';
import { requestQueueBytesOf } from './request-queue.ts';
import { registerWords } from './shared.ts';
import type { GuestBuffers } from './shared.ts';

/** Bytes made between two looks at the event loop. */
const prepareChunkBytes = 4 << 20;

/** Bytes of all vCPUs' registers, and of the requests that wait for them: the end of the device state. */
export const registerBytesOf = (guest: Pick<GuestConfig, 'vcpus' | 'workload'>): number =>
  guest.vcpus * registerWords * 4 + requestQueueBytesOf(guest);

/** Bytes of a guest's device state: as configured, but at least the vCPUs' registers. */
export const deviceStateBytesOf = (guest: GuestConfig): number =>
  Math.max(guest.deviceStateBytes, registerBytesOf(guest));

/**
 * A guest's device state at the source: bytes that stand for its devices', then the vCPUs' registers. The devices' are
 * made and hashed when the guest boots, since emulating them must not count as downtime; only the registers, which come
 * last, are saved at the pause.
 */
export class DeviceState {
  readonly #state: Buffer;
  readonly #registers: Buffer;
  /** Over everything before the registers. */
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

/**
 * What a machine saves of its guest.
 * @param deviceState null = the guest was booted as a destination: its state has not arrived yet.
 * @throws LivemigError ILLEGAL_PHASE where there is none
 */
export const savedState = (deviceState: DeviceState | null): ReturnType<DeviceState['save']> => {
  if (deviceState === null)
    throw new LivemigError(
      'ILLEGAL_PHASE',
      'expected a guest that was booted at the source, got one that has no device state of its own',
    );
  return deviceState.save();
};

/** Each vCPU's random generator has its own seed; all other registers are zero. */
export const seedRegisters = ({ seed, vcpus }: GuestConfig, buffers: GuestBuffers): void => {
  const registers = new Int32Array(buffers.registers);
  for (let vcpu = 0; vcpu < vcpus; vcpu++)
    registers[(vcpu + 1) * registerWords - 1] = Math.imul(seed + vcpu + 1, 0x9e3779b1) | 1;
};

/** Restores the registers, the end of a device state, so that every vCPU continues where it stopped. */
export const loadRegisters = (buffers: GuestBuffers, registers: Buffer): void => {
  registers.copy(Buffer.from(buffers.registers));
};
