import { createHash } from 'node:crypto';
import type { GuestConfig } from '../../proto/guest.ts';
import { nextRandom } from './page-bodies/pool.ts';
import { registerWords } from './shared.ts';
import type { GuestBuffers } from './shared.ts';

const registerBytes = (vcpus: number): number => vcpus * registerWords * 4;

/** Bytes of a guest's device state: as configured, but at least the vCPUs' registers. */
export const deviceStateBytesOf = (guest: GuestConfig): number =>
  Math.max(guest.deviceStateBytes, registerBytes(guest.vcpus));

/** The paused guest's state: the vCPUs' registers, then bytes that stand for its devices'. */
export const saveDeviceState = (
  guest: GuestConfig,
  buffers: GuestBuffers,
): { state: Buffer; digest: Buffer } => {
  const state = Buffer.allocUnsafe(deviceStateBytesOf(guest));
  Buffer.from(buffers.registers).copy(state);
  let random = guest.seed | 1;
  const bytes = registerBytes(guest.vcpus);
  let at = bytes;
  for (; at + 4 <= state.length; at += 4) state.writeUInt32LE((random = nextRandom(random)), at);
  state.fill(0, at);
  return { state, digest: createHash('sha256').update(state).digest() };
};

/** Puts the registers in place, so that every vCPU goes on where it stopped. */
export const loadDeviceState = (guest: GuestConfig, buffers: GuestBuffers, state: Buffer): void => {
  state.copy(Buffer.from(buffers.registers), 0, 0, registerBytes(guest.vcpus));
};
