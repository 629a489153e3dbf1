import { describe, expect, test } from '@jest/globals';
import { encodeAttribute, encodeMessage, errnoOf, findAttribute } from '#hosts/wan/netlink';
import {
  acceptBatchMessage,
  configureQueueMessages,
  dropMessage,
  packetIdOf,
  payloadOf,
  queueOf,
  setVerdictId,
} from '#hosts/wan/nfqueue-messages';
import { replaceRouteMessage } from '#hosts/wan/route';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('netlink', () => {
  test('pads attributes to four bytes without counting the padding', () => {
    expect(hex(encodeAttribute(2, Buffer.from([7])))).toBe('0500020007000000');
  });

  test('a message states its whole length', () => {
    const message = encodeMessage({ type: 0x18, flags: 5, sequence: 9, body: Buffer.from([1, 2, 3, 4]) });
    expect(hex(message)).toBe('14000000' + '1800' + '0500' + '09000000' + '00000000' + '01020304');
  });

  test('reads the error number of an acknowledgement', () => {
    const answer = (errno: number) => {
      const body = Buffer.alloc(4);
      body.writeInt32LE(-errno);
      return encodeMessage({ type: 2, flags: 0, body });
    };
    expect(errnoOf(answer(0))).toBe(0);
    expect(errnoOf(answer(17))).toBe(17);
    expect(errnoOf(encodeMessage({ type: 3, flags: 0, body: Buffer.alloc(4) }))).toBeNull();
  });

  test('finds attributes behind others and stops at malformed ones', () => {
    const attributes = Buffer.concat([
      encodeAttribute(9, Buffer.alloc(5)),
      encodeAttribute(1, Buffer.from([42])),
    ]);
    expect(attributes[findAttribute(attributes, 0, attributes.length, 1)]).toBe(42);
    expect(findAttribute(attributes, 0, attributes.length, 7)).toBe(-1);
    expect(findAttribute(Buffer.alloc(8), 0, 8, 1)).toBe(-1);
  });
});

describe('nfqueue messages', () => {
  test('a batch verdict accepts up to an id', () => {
    const verdict = acceptBatchMessage(11);
    setVerdictId(verdict, 0x01020304);
    expect(hex(verdict)).toBe(
      '20000000' +
        '0303' +
        '0100' +
        '00000000' +
        '00000000' +
        '0000000b' +
        '0c000200' +
        '00000001' +
        '01020304',
    );
  });

  test('a drop is a verdict of a single packet', () => {
    const verdict = dropMessage(12);
    expect(hex(verdict).slice(8, 16)).toBe('01030100');
    expect(hex(verdict).slice(40, 64)).toBe('0c0002000000000000000000');
  });

  test('loss is configured without the GSO flag, otherwise with it', () => {
    const flagsOf = (wholeGso: boolean) =>
      configureQueueMessages(11, { maxLength: 1000, wholeGso, copyBytes: 0 }).at(-1)?.readUInt32BE(32);
    expect(flagsOf(true)).toBe(5);
    expect(flagsOf(false)).toBe(1);
  });

  test('packets stay in the kernel, unless copies of them are to be sent', () => {
    const [meta] = configureQueueMessages(11, { maxLength: 1000, wholeGso: true, copyBytes: 0 });
    expect(hex(meta!).slice(40)).toBe('09000200' + '00000000' + '01000000');
    const [whole] = configureQueueMessages(11, { maxLength: 1000, wholeGso: false, copyBytes: 1500 });
    expect(hex(whole!).slice(40)).toBe('09000200' + '000005dc' + '02000000');
    const packet = encodeMessage(
      { type: 0x300, flags: 0, body: Buffer.from([2, 0, 0, 12]) },
      encodeAttribute(1, Buffer.from([0, 0, 1, 2, 8, 0, 2])),
      encodeAttribute(10, Buffer.from('a packet')),
    );
    expect(payloadOf(packet, 0, packet.length).toString()).toBe('a packet');
    const without = encodeMessage({ type: 0x300, flags: 0, body: Buffer.from([2, 0, 0, 12]) });
    expect(payloadOf(without, 0, without.length)).toHaveLength(0);
  });

  test('reads queue and id of a packet message', () => {
    const packet = encodeMessage(
      { type: 0x300, flags: 0, body: Buffer.from([2, 0, 0, 12]) },
      encodeAttribute(3, Buffer.alloc(4)),
      encodeAttribute(1, Buffer.from([0, 0, 1, 2, 8, 0, 2])),
    );
    expect(queueOf(packet, 0)).toBe(12);
    expect(packetIdOf(packet, 0, packet.length)).toBe(258);
  });
});

test('a host route names target and gateway', () => {
  expect(hex(replaceRouteMessage('10.0.200.1', '10.0.1.2')).slice(32)).toBe(
    '02200000fe040001' + '00000000' + '08000100' + '0a00c801' + '08000500' + '0a000102',
  );
});
