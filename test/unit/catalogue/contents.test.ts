import { describe, expect, test } from '@jest/globals';
import { GuestMemory } from '#hosts/guest/memory';
import { allocateGuest } from '#hosts/guest/shared';
import { contentNames } from '#catalogue/contents';

const pageCount = 64;
const memoryOf = (content: string): GuestMemory =>
  new GuestMemory(allocateGuest(pageCount, 1, 7), 7, { first: 0, end: pageCount, content });

const bytesOf = (memory: GuestMemory, page: number): Buffer => {
  const bytes = Buffer.alloc(4096);
  memory.copyTo(page, bytes, 0);
  return bytes;
};
const changedBytes = (before: Buffer, after: Buffer): number =>
  before.filter((byte, at) => byte !== after[at]).length;

describe.each(contentNames)('%s', (content) => {
  test('reads back every version of every page', () => {
    const memory = memoryOf(content);
    for (let page = 0; page < pageCount; page++)
      for (const version of [1, 2, 1_000_000]) {
        memory.writeVersion(page, version);
        expect(memory.readVersion(page)).toBe(version);
      }
  });

  test('one changed byte anywhere is noticed', () => {
    const memory = memoryOf(content);
    memory.writeVersion(12, 3);
    const original = bytesOf(memory, 12);
    for (let at = 0; at < 4096; at++) {
      const damaged = Buffer.from(original);
      damaged[at]! ^= 1;
      memory.copyFrom(12, damaged, 0);
      expect(memory.readVersion(12)).toBe(-1);
    }
  });

  test("another version's bytes behind this version's header are noticed", () => {
    const memory = memoryOf(content);
    memory.writeVersion(12, 3);
    const newer = bytesOf(memory, 12);
    memory.writeVersion(12, 2);
    const torn = Buffer.concat([newer.subarray(0, 16), bytesOf(memory, 12).subarray(16)]);
    memory.copyFrom(12, torn, 0);
    expect(memory.readVersion(12)).toBe(-1);
  });
});

test('sparse: a write changes at most 64 bytes, at a different place in each page; random changes nearly all', () => {
  const places = new Set<number>();
  for (let page = 0; page < pageCount; page++) {
    const [sparse, random] = (['sparse', 'random'] as const).map((content) => {
      const memory = memoryOf(content);
      memory.writeVersion(page, 1);
      const before = bytesOf(memory, page);
      memory.writeVersion(page, 2);
      const after = bytesOf(memory, page);
      if (content === 'sparse') places.add(before.findIndex((byte, at) => at >= 16 && byte !== after[at]));
      return changedBytes(before, after);
    });
    expect(sparse).toBeLessThanOrEqual(64);
    expect(sparse).toBeGreaterThan(8);
    expect(random).toBeGreaterThan(4000);
  }
  expect(places.size).toBeGreaterThan(pageCount / 2);
});
