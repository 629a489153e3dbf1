import { beforeEach, describe, expect, test } from '@jest/globals';
import { sourceContext, syncOf } from '#test/support/source-context';
import type { AtSource, PageDecoder } from '#catalogue/capability';
import xbzrle from '#catalogue/capabilities/xbzrle';
import { GuestMemory } from '#hosts/guest/memory';
import { allocateGuest } from '#hosts/guest/shared';
import { codeOf } from '#proto/errors';

const pageCount = 600;
const sparse = { first: 0, end: pageCount, content: 'sparse' } as const;
let here: GuestMemory;
let there: GuestMemory;
let source: AtSource;
let decoder: PageDecoder;

beforeEach(() => {
  here = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, sparse);
  there = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, sparse);
  source = xbzrle.atSource!(sourceContext(here), 1);
  decoder = xbzrle.atDestination!(there, 1).decoder!;
  source.synced!(syncOf());
  source.synced!(syncOf());
});

/** Sends a page in a separate round; returns the bytes that it took. */
const send = (page: number): number | null => {
  const bytes = source.encoder!.take(page);
  const encoded = source.encoder!.flush();
  if (encoded !== null) decoder.open(encoded)(0);
  source.synced!(syncOf());
  return bytes;
};
const arrived = (page: number): number => there.readVersion(page);

describe('xbzrle', () => {
  test('leaves the first round and post-copy alone', () => {
    source = xbzrle.atSource!(sourceContext(here), 1);
    source.synced!(syncOf());
    expect(source.encoder!.take(1)).toBeNull();
    source.synced!(syncOf());
    expect(source.encoder!.take(1)).not.toBeNull();
    source.entered!('postcopy');
    expect(source.encoder!.take(1)).toBeNull();
  });

  test('a page travels whole once, and then as its changes', () => {
    here.writeVersion(7, 1);
    expect(send(7)).toBe(4096 + 6);
    for (let version = 2; version < 6; version++) {
      here.writeVersion(7, version);
      expect(send(7)).toBeLessThan(80);
      expect(arrived(7)).toBe(version);
    }
    expect(source.statistics!()).toMatchObject({ pages: 4, cacheMiss: 1, overflow: 0, cacheMissRate: 0.2 });
    expect(source.statistics!()['encodingRate']).toBeGreaterThan(50);
  });

  test('a page that has not changed does not travel', () => {
    here.writeVersion(7, 1);
    send(7);
    expect(send(7)).toBe(0);
    expect(source.encoder!.flush()).toBeNull();
    expect(source.statistics!()).toMatchObject({ unchanged: 1 });
  });

  test('a page that has changed completely is an overflow, travels whole, and is cached', () => {
    here.writeVersion(7, 1);
    send(7);
    here.copyFrom(7, Buffer.alloc(4096, 9), 0);
    expect(send(7)).toBe(4096 + 6);
    expect(source.statistics!()).toMatchObject({ overflow: 1 });
    here.writeVersion(7, 2);
    send(7);
    expect(arrived(7)).toBe(2);
  });

  test('a page that was sent another way meanwhile is not mistaken for the cached one', () => {
    here.writeVersion(7, 1);
    send(7);
    source.encoder!.forget!(7);
    there.clear(7);
    here.writeVersion(7, 2);
    expect(send(7)).toBe(4096 + 6);
    expect(arrived(7)).toBe(2);
  });

  test('it would be without being told (negative control)', () => {
    here.writeVersion(7, 1);
    send(7);
    there.clear(7);
    here.writeVersion(7, 2);
    send(7);
    expect(arrived(7)).toBe(-1);
  });

  test('several pages share one block, even more than it was allocated for', () => {
    for (let page = 0; page < pageCount; page++) here.writeVersion(page, 1);
    for (let page = 0; page < pageCount; page++) source.encoder!.take(page);
    const encoded = source.encoder!.flush()!;
    expect(encoded).toMatchObject({ wholePages: pageCount });
    const install = decoder.open(encoded);
    for (let page = 0; page < pageCount; page++) install(page);
    for (let page = 0; page < pageCount; page++) expect(arrived(page)).toBe(1);
  });

  test.each([
    ['too short', Buffer.from([9])],
    ['of length 0', Buffer.from([0, 0])],
    ['longer than it says', Buffer.from([4, 0, 0, 1, 9, 9])],
    ['no encoding', Buffer.from([2, 0, 5, 0])],
  ])('data that is %s is refused', (_, data) => {
    const open = (): unknown => decoder.open({ encoding: 'xbzrle', pages: [1], data });
    let code = 'nothing thrown';
    try {
      open();
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('PROTOCOL_VIOLATION');
  });
});
