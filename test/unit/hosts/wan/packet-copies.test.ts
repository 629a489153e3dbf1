import { expect, test } from '@jest/globals';
import { PacketCopies } from '#hosts/wan/packet-copies';

const packet = (mark: number, bytes = 40): Buffer => {
  const made = Buffer.alloc(bytes, mark);
  made.writeUInt16BE(bytes, 2);
  return made;
};
const bench = (takes = true) => {
  const sent: number[] = [];
  const copies = new PacketCopies((one) => {
    if (takes) sent.push(one[10]!);
    return takes;
  });
  return { copies, sent };
};

test('copies leave when they are due, in order; what overtakes goes first', () => {
  const { copies, sent } = bench();
  expect(copies.nextDueMs).toBe(Infinity);
  copies.hold(packet(1), 10);
  copies.hold(packet(2), 10);
  copies.hold(packet(3), 5);
  expect(copies.nextDueMs).toBe(5);
  copies.release(4.9);
  expect(sent).toEqual([]);
  copies.release(5);
  expect(sent).toEqual([3]);
  copies.release(20);
  expect(sent).toEqual([3, 1, 2]);
  expect(copies).toMatchObject({ nextDueMs: Infinity, unsent: 0 });
});

test('a copy is one: the buffer it came in may be used again', () => {
  const { copies, sent } = bench();
  const buffer = packet(7);
  copies.hold(buffer, 1);
  buffer.fill(9);
  copies.release(1);
  expect(sent).toEqual([7]);
});

test('what is cut short, finds no room or is refused counts as unsent', () => {
  const { copies, sent } = bench();
  copies.hold(packet(1, 1500).subarray(0, 1400), 1);
  copies.hold(Buffer.alloc(0), 1);
  expect(copies.unsent).toBe(2);
  const large = packet(2, 65_000);
  for (let nth = 0; nth < 2_000; nth += 1) copies.hold(large, 1);
  copies.release(1);
  // 64 MiB.
  expect(sent).toHaveLength(1032);
  expect(copies.unsent).toBe(2 + 2_000 - 1032);
  const refused = bench(false);
  refused.copies.hold(packet(1), 1);
  refused.copies.release(1);
  expect(refused.copies.unsent).toBe(1);
});
