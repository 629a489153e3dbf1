import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { IncomingDeviceState } from '#hosts/transfer/incoming-device-state';
import { codeOf } from '#proto/errors';

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

describe('an incoming device state', () => {
  test('yields the registers, which end it, with its last piece', () => {
    const incoming = new IncomingDeviceState(100, 8);
    expect(incoming.take({ state: whole.subarray(0, 60), digest: none })).toBeNull();
    expect(incoming.take({ state: whole.subarray(60), digest })).toEqual(whole.subarray(92));
  });

  test('starts over with a new connection', () => {
    const incoming = new IncomingDeviceState(100, 8);
    incoming.take({ state: whole.subarray(0, 60), digest: none });
    incoming.restart();
    expect(incoming.take({ state: whole, digest })).toEqual(whole.subarray(92));
    // And once more: the order to resume may have been lost after it.
    expect(incoming.take({ state: whole, digest })).toEqual(whole.subarray(92));
  });

  test.each([[100], [99, 1], [1, 99], [25, 25, 25, 25], [93, 3, 4], Array.from({ length: 100 }, () => 1)])(
    'is the same in chunks of %j',
    (...lengths) => {
      const incoming = new IncomingDeviceState(100, 8);
      let at = 0;
      const taken = lengths.map((length, index) =>
        incoming.take({
          state: whole.subarray(at, (at += length)),
          digest: index === lengths.length - 1 ? digest : none,
        }),
      );
      expect(taken.slice(0, -1).every((registers) => registers === null)).toBe(true);
      expect(taken.at(-1)).toEqual(whole.subarray(92));
    },
  );

  test('hashes each chunk on arrival, not at the end', () => {
    const incoming = new IncomingDeviceState(100, 8);
    const chunk = Buffer.from(whole.subarray(0, 30));
    incoming.take({ state: chunk, digest: none });
    chunk.fill(0);
    expect(incoming.take({ state: whole.subarray(30), digest })).toEqual(whole.subarray(92));
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
    const incoming = new IncomingDeviceState(100, 8);
    expect(codeOfThrown(() => { incoming.take({ state, digest: end }); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
  });

  test('a piece of more than 1 MiB is refused', () => {
    const incoming = new IncomingDeviceState(8 << 20, 8);
    const state = Buffer.alloc((1 << 20) + 1);
    expect(codeOfThrown(() => { incoming.take({ state, digest: none }); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
  });
});
