import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { IncomingDeviceState } from '../../../../hosts/transfer/incoming-device-state.ts';
import { codeOf } from '../../../../proto/errors.ts';

const whole = Buffer.from([...Array(100).keys()]);
const digest = createHash('sha256').update(whole).digest();
const none = Buffer.alloc(0);

const codeOfThrown = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing thrown';
};

describe('a device state on its way in', () => {
  test('is whole with its last piece', () => {
    const incoming = new IncomingDeviceState(100);
    expect(incoming.take({ state: whole.subarray(0, 60), digest: none })).toBeNull();
    expect(incoming.take({ state: whole.subarray(60), digest })).toEqual(whole);
  });

  test('begins anew with a connection', () => {
    const incoming = new IncomingDeviceState(100);
    incoming.take({ state: whole.subarray(0, 60), digest: none });
    incoming.restart();
    expect(incoming.take({ state: whole, digest })).toEqual(whole);
  });

  const oneByte = whole.subarray(0, 1);
  test.each([
    ['one byte, with its right digest', oneByte, createHash('sha256').update(oneByte).digest()],
    ['more than was announced', Buffer.alloc(101), none],
    ['nothing', none, none],
    ['all of it, and no end', whole, none],
    ['all of it, of another digest', whole, Buffer.alloc(32)],
    ['all of it, with half a digest', whole, digest.subarray(16)],
    ['an end before its end', whole.subarray(0, 99), digest],
  ])('%s is refused', (_, state, end) => {
    const incoming = new IncomingDeviceState(100);
    expect(codeOfThrown(() => { incoming.take({ state, digest: end }); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
  });

  test('a piece of more than 1 MiB is refused', () => {
    const incoming = new IncomingDeviceState(8 << 20);
    const state = Buffer.alloc((1 << 20) + 1);
    expect(codeOfThrown(() => { incoming.take({ state, digest: none }); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
  });
});
