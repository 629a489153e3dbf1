import { expect, test } from '@jest/globals';
import {
  deviceStateBytesOf,
  loadDeviceState,
  saveDeviceState,
} from '../../../../hosts/guest/device-state.ts';
import { allocateGuest } from '../../../../hosts/guest/shared.ts';
import type { GuestConfig } from '../../../../proto/guest.ts';

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
    hotWriteFraction: 0.9,
    hotRegionFraction: 0.1,
    content: 'random',
    pattern: 'sequential',
  },
};

test('registers travel with the device state', () => {
  const source = allocateGuest(256, 2, 3);
  new Int32Array(source.registers).set([1, 2, 3, -4], 14);
  const { state, digest } = saveDeviceState(guest, source);
  expect(state).toHaveLength(1000);
  expect(digest).toHaveLength(32);
  const destination = allocateGuest(256, 2, 3);
  loadDeviceState(guest, destination, state);
  expect([...new Int32Array(destination.registers)]).toEqual([...new Int32Array(source.registers)]);
});

test('a device state is never smaller than the registers', () => {
  expect(deviceStateBytesOf({ ...guest, deviceStateBytes: 0 })).toBe(128);
});
