import { beforeEach, describe, expect, test } from '@jest/globals';
import { GuestMemory } from '#hosts/guest/memory';
import { allocateGuest } from '#hosts/guest/shared';
import { GuestView } from '#hosts/guest/view';

const pageCount = 70_000; // more than one segment
const seed = 7;
let memory: GuestMemory;

beforeEach(() => {
  memory = new GuestMemory(allocateGuest(pageCount, 1, seed), seed);
});

describe('pages that verify themselves', () => {
  test.each([0, 1, 65_535, 65_536, pageCount - 1])(
    'page %i reads back every version written to it',
    (page) => {
      expect(memory.readVersion(page)).toBe(0);
      for (const version of [1, 2, 3, 1_000_000]) {
        memory.writeVersion(page, version);
        expect(memory.readVersion(page)).toBe(version);
      }
    },
  );

  test('one changed byte anywhere in a page is noticed', () => {
    const original = Buffer.alloc(4096);
    const damaged = Buffer.alloc(4096);
    memory.writeVersion(5, 3);
    memory.copyTo(5, original, 0);
    for (const at of [0, 4, 8, 12, 15, 16, 17, 2048, 4095]) {
      original.copy(damaged);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      memory.copyFrom(5, damaged, 0);
      expect(memory.readVersion(5)).toBe(-1);
    }
  });

  test("another page's bytes, and a torn page, are noticed", () => {
    const bytes = Buffer.alloc(4096);
    memory.writeVersion(1, 1);
    memory.copyTo(1, bytes, 0);
    memory.copyFrom(2, bytes, 0);
    expect(memory.readVersion(2)).toBe(-1);

    const old = Buffer.alloc(4096);
    memory.writeVersion(3, 1);
    memory.copyTo(3, old, 0);
    memory.writeVersion(3, 2);
    memory.copyTo(3, bytes, 0);
    old.copy(bytes, 2048, 2048);
    memory.copyFrom(3, bytes, 0);
    expect(memory.readVersion(3)).toBe(-1);
  });

  test('a page that lost only its header is not a zero page', () => {
    const bytes = Buffer.alloc(4096);
    memory.writeVersion(1, 1);
    memory.copyTo(1, bytes, 0);
    bytes.fill(0, 0, 16);
    memory.copyFrom(1, bytes, 0);
    expect(memory.readVersion(1)).toBe(-1);
    expect(memory.isZero(1)).toBe(false);
  });

  test('contents of the same page differ between seeds', () => {
    const other = new GuestMemory(allocateGuest(16, 1, 8), 8);
    const bytes = Buffer.alloc(4096);
    memory.writeVersion(1, 1);
    memory.copyTo(1, bytes, 0);
    other.copyFrom(1, bytes, 0);
    expect(other.readVersion(1)).toBe(-1);
  });
});

describe('uniform pages', () => {
  const uniform = { first: 10, end: 20, content: 'uniform' } as const;
  beforeEach(() => {
    memory = new GuestMemory(allocateGuest(pageCount, 1, seed), seed, uniform);
  });

  test.each([10, 19])('page %i repeats its header, and reads back every version written to it', (page) => {
    for (const version of [1, 2, 1_000_000]) {
      memory.writeVersion(page, version);
      expect(memory.readVersion(page)).toBe(version);
      const bytes = Buffer.alloc(4096);
      memory.copyTo(page, bytes, 0);
      expect(bytes).toEqual(Buffer.alloc(4096, bytes.subarray(0, 16)));
      expect(memory.takeUniform(page, [])).toBe(true);
    }
  });

  test.each([9, 20])('page %i beside them is random', (page) => {
    memory.writeVersion(page, 1);
    expect(memory.readVersion(page)).toBe(1);
    expect(memory.takeUniform(page, [])).toBe(false);
  });

  test('one changed byte anywhere is noticed, and so is a random page in place of a uniform one', () => {
    const original = Buffer.alloc(4096);
    const damaged = Buffer.alloc(4096);
    memory.writeVersion(12, 3);
    memory.copyTo(12, original, 0);
    for (const at of [0, 4, 8, 12, 15, 16, 17, 2048, 4095]) {
      original.copy(damaged);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      memory.copyFrom(12, damaged, 0);
      expect(memory.readVersion(12)).toBe(-1);
    }
    const random = new GuestMemory(allocateGuest(pageCount, 1, seed), seed);
    random.writeVersion(12, 3);
    random.copyTo(12, damaged, 0);
    memory.copyFrom(12, damaged, 0);
    expect(memory.readVersion(12)).toBe(-1);
  });
});

describe('bitmaps', () => {
  test('a page is dirty until the next sync', () => {
    memory.markDirty(40);
    expect(memory.isDirty(40)).toBe(true);
    const dirtied = memory.drainDirty();
    expect(dirtied.count).toBe(1);
    expect(dirtied.has(40)).toBe(true);
    expect(memory.isDirty(40)).toBe(false);
  });

  test('markPresent and markMissing say whether they changed anything', () => {
    expect(memory.markPresent(9)).toBe(true);
    expect(memory.markPresent(9)).toBe(false);
    expect(memory.isPresent(9)).toBe(true);
    expect(memory.markMissing(9, 1)).toBe(1);
    expect(memory.markMissing(9, 1)).toBe(0);
  });

  test.each([
    [0, 1],
    [31, 1],
    [31, 2],
    [0, 32],
    [1, 32],
    [5, 59],
    [32, 32],
    [3, pageCount - 3],
    [0, pageCount],
  ])('markMissing from page %i marks %i pages, and no others', (first, count) => {
    memory.markAllPresent();
    memory.markMissing(40, 1);
    const there = Array.from({ length: pageCount }, (_, page) => page !== 40);
    const taken = there.filter((isThere, page) => isThere && page >= first && page < first + count);
    expect(memory.markMissing(first, count)).toBe(taken.length);
    expect(there.map((_, page) => memory.isPresent(page))).toEqual(
      there.map((isThere, page) => isThere && !(page >= first && page < first + count)),
    );
  });
});

describe('GuestView', () => {
  let blockedOn: number[];
  let view: GuestView;

  beforeEach(() => {
    blockedOn = [];
    view = new GuestView(memory, (page) => {
      blockedOn.push(page);
      memory.markPresent(page);
    });
  });

  test('writes count versions up and mark pages dirty', () => {
    memory.markAllPresent();
    view.write(3);
    view.write(3);
    expect(memory.readVersion(3)).toBe(2);
    expect(memory.knownVersion(3)).toBe(2);
    expect(memory.isDirty(3)).toBe(true);
    expect(memory.staleReads).toBe(0);
  });

  test('blocks once on a missing page', () => {
    view.read(8);
    view.read(8);
    expect(blockedOn).toEqual([8]);
  });

  test('a page put back to an older version is a stale read', () => {
    memory.markAllPresent();
    const old = Buffer.alloc(4096);
    view.write(3);
    memory.copyTo(3, old, 0);
    view.write(3);
    memory.copyFrom(3, old, 0);
    view.read(3);
    expect(memory.staleReads).toBe(1);
  });

  test('a page that arrives corrupt is a stale read at its first touch', () => {
    memory.markAllPresent();
    memory.copyFrom(3, Buffer.alloc(4096, 1), 0);
    view.read(3);
    expect(memory.staleReads).toBe(1);
  });
});
