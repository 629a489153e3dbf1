import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { DeviceState, deviceStateBytesOf, loadRegisters, registerBytesOf } from '#hosts/guest/device-state';
import { allocateGuest } from '#hosts/guest/shared';
import { IncomingDeviceState } from '#hosts/transfer/incoming-device-state';
import type { GuestConfig } from '#proto/guest';

const guest: GuestConfig = {
  ramBytes: 1 << 20,
  vcpus: 2,
  baseFootprintBytes: 0,
  deviceStateBytes: 1000,
  prealloc: true,
  seed: 3,
  workload: {
    name: 'idle',
    regionBytes: 0,
    dirtyRatePagesPerSecond: 0,
    content: 'random',
  },
};

test.each([128, 1000, 1003])('registers travel with a device state of %i bytes', async (deviceStateBytes) => {
  const source = allocateGuest(256, 2, 3);
  const prepared = await DeviceState.prepare({ ...guest, deviceStateBytes }, source);
  // The registers' values at preparation don't matter.
  new Int32Array(source.registers).set([1, 2, 3, -4], 14);
  const { state, digest } = prepared.save();
  expect(state).toHaveLength(deviceStateBytes);
  const destination = allocateGuest(256, 2, 3);
  const registers = new IncomingDeviceState(deviceStateBytes, registerBytesOf(guest)).take({ state, digest });
  loadRegisters(destination, registers!);
  expect([...new Int32Array(destination.registers)]).toEqual([...new Int32Array(source.registers)]);
});

test('every save is of its own moment, and its digest covers all of its bytes', async () => {
  const buffers = allocateGuest(256, 2, 3);
  const prepared = await DeviceState.prepare(guest, buffers);
  const digests = [1, 2].map((register) => {
    new Int32Array(buffers.registers)[31] = register;
    const { state, digest } = prepared.save();
    expect(state.readInt32LE(996)).toBe(register);
    expect(digest).toEqual(createHash('sha256').update(state).digest());
    return digest;
  });
  expect(digests[0]).not.toEqual(digests[1]);
});

test('after the pause only the registers are saved and hashed again', async () => {
  const prepared = await DeviceState.prepare(guest, allocateGuest(256, 2, 3));
  const { state, digest } = prepared.save();
  // Bytes made again would have their old values, and hashing them again would notice the change.
  state.fill(7, 0, 872);
  const again = prepared.save();
  expect(again.state.subarray(0, 872)).toEqual(Buffer.alloc(872, 7));
  expect(again.digest).toEqual(digest);
});

test('a device state is never smaller than the registers', () => {
  expect(deviceStateBytesOf({ ...guest, deviceStateBytes: 0 })).toBe(128);
});

test('the devices differ from guest to guest', async () => {
  const saved = async (seed: number): Promise<Buffer> =>
    (await DeviceState.prepare({ ...guest, seed }, allocateGuest(256, 2, 3))).save().state;
  expect(await saved(3)).toEqual(await saved(3));
  expect(await saved(3)).not.toEqual(await saved(4));
});
