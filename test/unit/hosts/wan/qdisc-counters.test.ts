import { describe, expect, test } from '@jest/globals';
import { encodeAttribute, encodeMessage } from '#hosts/wan/netlink';
import { listQdiscsMessage, readQdiscs } from '#hosts/wan/qdisc-counters';

const kindOf = (kind: string): Buffer => encodeAttribute(1, Buffer.from(`${kind}\0`));

/** A message of the dump, its statistics as the kernel nests them: basic ones behind a padding. */
const qdisc = (kind: string, interfaceIndex: number, handle: number, bytes: bigint): Buffer => {
  const body = Buffer.alloc(20);
  body.writeInt32LE(interfaceIndex, 4);
  body.writeUInt32LE(handle, 8);
  const basic = Buffer.alloc(16);
  basic.writeBigUInt64LE(bytes, 0);
  basic.writeUInt32LE(7, 8);
  const statistics = Buffer.concat([encodeAttribute(4, Buffer.alloc(0)), encodeAttribute(1, basic)]);
  return encodeMessage(
    { type: 36, flags: 2, body },
    kindOf(kind),
    encodeAttribute(2, Buffer.alloc(36)),
    encodeAttribute(7, statistics),
  );
};
const done = encodeMessage({ type: 3, flags: 2, body: Buffer.alloc(4) });
const read = (...messages: Buffer[]) => {
  const into = new Map<number, { handle: number; bytes: number }>();
  return { isOver: readQdiscs(Buffer.concat(messages), into), into };
};

describe('the counters of bottlenecks', () => {
  test('asks for a dump', () => {
    const message = listQdiscsMessage();
    expect([message.readUInt32LE(0), message.readUInt16LE(4), message.readUInt16LE(6)]).toEqual([
      36, 38, 0x301,
    ]);
  });

  test('are those of each interface, beyond 4 GiB too', () => {
    const { isOver, into } = read(
      qdisc('tbf', 2, 0x10000, 5_000_000_000n),
      qdisc('tbf', 5, 0x10000, 12n),
      done,
    );
    expect(isOver).toBe(true);
    expect([...into]).toEqual([
      [2, { handle: 0x10000, bytes: 5_000_000_000 }],
      [5, { handle: 0x10000, bytes: 12 }],
    ]);
  });

  test('are those of the last stage, in whatever order the kernel reports them', () => {
    const stages = [
      qdisc('tbf', 2, 0x10000, 1n),
      qdisc('netem', 2, 0x20000, 2n),
      qdisc('tbf', 2, 0x30000, 3n),
    ];
    for (const messages of [stages, stages.toReversed()])
      expect(read(...messages).into.get(2)?.bytes).toBe(3);
  });

  test('are missing for another kind of qdisc, and for one without statistics', () => {
    const silent = encodeMessage({ type: 36, flags: 2, body: Buffer.alloc(20) }, kindOf('tbf'));
    const { isOver, into } = read(qdisc('ingress', 2, 0xffff0000, 9n), silent);
    expect(isOver).toBe(false);
    expect(into.size).toBe(0);
  });

  test('are an error if the kernel refuses', () => {
    const body = Buffer.alloc(4);
    body.writeInt32LE(-1);
    expect(() => read(encodeMessage({ type: 2, flags: 0, body }))).toThrow('errno 1');
  });

  test.each([0, 15, 1000])('are an error if a message claims to have %d bytes', (length) => {
    const torn = qdisc('tbf', 2, 1, 1n);
    torn.writeUInt32LE(length, 0);
    expect(() => read(torn)).toThrow(`a message of ${length} bytes`);
  });
});
