import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AtSource, PageDecoder } from '#catalogue/capability';
import dedup from '#catalogue/capabilities/dedup';
import { GuestMemory } from '#hosts/guest/memory';
import { allocateGuest } from '#hosts/guest/shared';
import { codeOf } from '#proto/errors';
import { sourceContext } from '#test/support/source-context';

const pageCount = 3000;
const duplicate = { first: 0, end: pageCount, content: 'duplicate' } as const;
let here: GuestMemory;
let there: GuestMemory;
let source: AtSource;
let decoder: PageDecoder;

beforeEach(() => {
  here = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, duplicate);
  there = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, duplicate);
  source = dedup.atSource!(sourceContext(here), 4);
  decoder = dedup.atDestination!(there, 4).decoder!;
});

/** Sends pages in a batch; returns the bytes that they took. */
const send = (...pages: number[]): number => {
  const bytes = pages.map((page) => source.encoder!.take(page) ?? NaN);
  const encoded = source.encoder!.flush()!;
  const install = decoder.open(encoded);
  for (const index of pages.keys()) install(index);
  return bytes.reduce((sum, each) => sum + each);
};

const wholeBytes = 4096 + 1 + 4;

describe('dedup', () => {
  test('pages with a body sent earlier travel as their header’s block, within one batch too', () => {
    const pages = Array.from({ length: pageCount }, (_, page) => page);
    for (const page of pages) here.writeVersion(page, 1);
    let bytes = 0;
    for (let first = 0; first < pageCount; first += 250) bytes += send(...pages.slice(first, first + 250));
    // 256 bodies once, a quarter of everything else, and what two blocks on one slot of the index make each other miss.
    expect(bytes / (pageCount * wholeBytes)).toBeLessThan(0.4);
    expect(pages.filter((page) => there.readVersion(page) !== 1)).toEqual([]);
    const { pages: known = NaN, newPages = NaN } = source.statistics!();
    expect(known + newPages).toBe(pageCount);
    expect(known).toBeGreaterThan(pageCount - 300);
  });

  test('an unchanged page consists of references only', () => {
    here.writeVersion(7, 1);
    expect(send(7)).toBe(wholeBytes);
    expect(send(7)).toBe(4 + 1 + 4 * 4);
    expect(there.readVersion(7)).toBe(1);
  });

  test('both ends forget the same earlier content', () => {
    const random = { first: 0, end: pageCount, content: 'random' } as const;
    here = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, random);
    there = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, random);
    source = dedup.atSource!(sourceContext(here), 1);
    decoder = dedup.atDestination!(there, 1).decoder!;
    for (let page = 0; page < 1000; page++) {
      here.writeVersion(page, 1);
      send(page, Math.max(0, page - 200));
    }
    for (let page = 0; page < 1000; page++) expect(there.readVersion(page)).toBe(1);
  });

  test('ends when the connection is lost', () => {
    here.writeVersion(7, 1);
    send(7);
    source.recovered!();
    expect(source.encoder!.take(7)).toBeNull();
  });

  test.each([
    ['a block that never came', Buffer.from([0b1, 9, 0, 0, 0])],
    ['less than a block', Buffer.alloc(100)],
    ['nothing', Buffer.alloc(0)],
    ['more than its blocks', Buffer.alloc(1 + 4096 + 1)],
  ])('%s is refused', (_, data) => {
    let code = '';
    try {
      decoder.open({ encoding: 'dedup', pages: [7], data });
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('PROTOCOL_VIOLATION');
  });
});
