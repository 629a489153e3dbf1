import { beforeEach, describe, expect, test } from '@jest/globals';
import { capabilitiesAtDestination, decodersOf } from '#catalogue/capabilities';
import { GuestMemory } from '#hosts/guest/memory';
import { allocateGuest } from '#hosts/guest/shared';
import { PageReceiver } from '#hosts/transfer/page-receiver';
import { codeOf } from '#proto/errors';
import { BlockSpace } from '#hosts/block-space';

const pageCount = 100;
let memory: GuestMemory;
let receiver: PageReceiver;
/** Pages present at each word of an installation. */
let installed: number[][];

/** Bytes of page 3, version `version`, as the source would send them. */
const pageBytes = (page: number, version: number): Buffer => {
  const source = new GuestMemory(allocateGuest(pageCount, 1, 1), 1);
  source.writeVersion(page, version);
  const bytes = Buffer.alloc(4096);
  source.copyTo(page, bytes, 0);
  return bytes;
};

const acceptUniform = (): void => {
  const agreed = [{ name: 'uniform-pages', value: '' }];
  receiver.decoders = decodersOf(capabilitiesAtDestination(agreed, memory));
};

const codeOfThrown = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing thrown';
};

beforeEach(() => {
  installed = [];
  memory = new GuestMemory(allocateGuest(pageCount, 1, 1), 1);
  receiver = new PageReceiver(new BlockSpace([memory]), () => {
    installed.push([...Array(pageCount).keys()].filter((page) => memory.isPresent(page)));
  });
});

describe('PageReceiver', () => {
  test('installs pages and zero runs and counts what is missing', () => {
    receiver.receive({ region: 0, pages: [3], zeroRuns: [10, 5], payload: pageBytes(3, 1) });
    expect(memory.readVersion(3)).toBe(1);
    expect(receiver.missingCount).toBe(pageCount - 6);
  });

  test('reports arrived pages once per message, after all of them, and only while the guest runs', () => {
    receiver.receive({ region: 0, pages: [2], zeroRuns: [], payload: pageBytes(2, 1) });
    expect(installed).toEqual([]);
    receiver.guestRuns = true;
    const payload = Buffer.concat([pageBytes(3, 1), pageBytes(4, 1)]);
    receiver.receive({ region: 0, pages: [3, 4], zeroRuns: [10, 2], payload });
    expect(installed).toEqual([[2, 3, 4, 10, 11]]);
  });

  test('a page named twice in a message counts once', () => {
    receiver.guestRuns = true;
    receiver.receive({ region: 0, pages: [3, 3], zeroRuns: [3, 1], payload: Buffer.alloc(8192) });
    expect(receiver.presentCount).toBe(1);
  });

  test('before the guest runs, the newest copy counts', () => {
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 1) });
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 2) });
    expect(memory.readVersion(3)).toBe(2);
    expect(receiver.presentCount).toBe(1);
    receiver.receive({ region: 0, pages: [], zeroRuns: [3, 1], payload: Buffer.alloc(0) });
    expect(memory.readVersion(3)).toBe(0);
  });

  test('once the guest runs, a page that is present is left alone', () => {
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 2) });
    receiver.guestRuns = true;
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 1) });
    expect(memory.readVersion(3)).toBe(2);
    expect(receiver.duplicateArrivals).toBe(1);
  });

  test('a discarded page is missing until it arrives again, even as a zero page', () => {
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 1) });
    receiver.discard({ region: 0, runs: [0, 10] });
    expect(receiver.presentCount).toBe(0);
    receiver.guestRuns = true;
    receiver.receive({ region: 0, pages: [], zeroRuns: [3, 1], payload: Buffer.alloc(0) });
    expect(memory.readVersion(3)).toBe(0);
    expect(receiver.duplicateArrivals).toBe(0);
  });

  test.each([
    ['a page beyond memory', { region: 0, pages: [pageCount], zeroRuns: [], payload: Buffer.alloc(4096) }],
    ['a run beyond memory', { region: 0, pages: [], zeroRuns: [pageCount - 1, 2], payload: Buffer.alloc(0) }],
    ['an empty run', { region: 0, pages: [], zeroRuns: [1, 0], payload: Buffer.alloc(0) }],
    ['a region that there is not', { region: 1, pages: [], zeroRuns: [1, 1], payload: Buffer.alloc(0) }],
    ['half a run', { region: 0, pages: [], zeroRuns: [1], payload: Buffer.alloc(0) }],
    ['too short a payload', { region: 0, pages: [1, 2], zeroRuns: [], payload: Buffer.alloc(4096) }],
    [
      'too many pages',
      {
        region: 0,
        pages: Array.from({ length: 513 }, () => 1),
        zeroRuns: [],
        payload: Buffer.alloc(513 * 4096),
      },
    ],
  ])('refuses %s and installs nothing of it', (_, batch) => {
    expect(codeOfThrown(() => { receiver.receive(batch); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
    expect(receiver.presentCount).toBe(0);
  });

  const encoding = 'uniform-pages';
  const uniform = { encoding, pages: [3, 4], data: Buffer.alloc(32, 7) };
  const nothingElse = { region: 0, pages: [], zeroRuns: [], payload: Buffer.alloc(0) };

  test('uniform pages are filled with their pattern', () => {
    acceptUniform();
    memory.writeVersion(3, 1);
    receiver.receive({
      ...nothingElse,
      encoded: [{ ...uniform, data: Buffer.from([...Array(32).keys()]) }],
    });
    const bytes = Buffer.alloc(8192);
    memory.copyTo(3, bytes, 0);
    memory.copyTo(4, bytes, 4096);
    for (const [at, byte] of bytes.entries()) expect(byte).toBe((at % 16) + (at < 4096 ? 0 : 16));
    expect({ present: receiver.presentCount, received: receiver.received.encodedPages }).toEqual({
      present: 2,
      received: 2,
    });
  });

  test('once the guest runs, a uniform page that is present is left alone', () => {
    acceptUniform();
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 2) });
    receiver.guestRuns = true;
    receiver.receive({ ...nothingElse, encoded: [uniform] });
    expect(memory.readVersion(3)).toBe(2);
    expect(receiver.duplicateArrivals).toBe(1);
    expect(installed).toEqual([[3, 4]]);
  });

  test.each([
    ['that the hello did not announce', uniform, false],
    ['beyond memory', { ...uniform, pages: [3, pageCount] }, true],
    ['without their patterns', { ...uniform, data: Buffer.alloc(16) }, true],
    [
      'of more than 2048',
      { encoding, pages: Array<number>(2049).fill(1), data: Buffer.alloc(2049 * 16) },
      true,
    ],
  ])('refuses uniform pages %s and installs nothing of the batch', (_, pages, accepts) => {
    if (accepts) acceptUniform();
    const batch = { region: 0, pages: [7], zeroRuns: [], payload: Buffer.alloc(4096), encoded: [pages] };
    expect(codeOfThrown(() => { receiver.receive(batch); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
    expect(receiver.presentCount).toBe(0);
  });

  test.each([
    ['beyond memory', [0, pageCount + 1]],
    ['of everything again and again', Array.from({ length: 1000 }, () => [0, pageCount]).flat()],
    ['that overlap', [0, 10, 9, 2]],
    ['that descend', [10, 1, 5, 1]],
    ['of nothing', []],
    ['in more runs than a message may have', Array.from({ length: 65_537 }, (_, run) => [run, 1]).flat()],
  ])('refuses discards %s, and discards nothing', (_, runs) => {
    receiver.receive({ region: 0, pages: [3], zeroRuns: [], payload: pageBytes(3, 1) });
    expect(codeOfThrown(() => { receiver.discard({ region: 0, runs }); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
    expect(receiver.presentCount).toBe(1);
  });

  test('discards of one connection name each page a few times at most', () => {
    for (let time = 0; time < 4; time++) receiver.discard({ region: 0, runs: [0, pageCount] });
    expect(codeOfThrown(() => { receiver.discard({ region: 0, runs: [0, 1] }); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
    receiver.connectionLost();
    receiver.discard({ region: 0, runs: [0, 1] });
  });
});

describe('what a few bytes expand to is bounded before it is expanded', () => {
  /** A guest larger than what any message may name. */
  const largeCount = 20_000;
  let opened: number;
  let large: PageReceiver;

  beforeEach(() => {
    opened = 0;
    large = new PageReceiver(
      new BlockSpace([new GuestMemory(allocateGuest(largeCount, 1, 1), 1)]),
      () => undefined,
    );
    const decoder = {
      open: () => {
        opened++;
        return () => undefined;
      },
    };
    large.decoders = new Map(['zstd', 'dedup'].map((name) => [name, decoder]));
  });

  const batchOf = (change: object) => ({
    region: 0,
    pages: [],
    zeroRuns: [],
    payload: Buffer.alloc(0),
    ...change,
  });
  const encodedPages = (encoding: string, count: number) => ({
    encoding,
    pages: [...Array(count).keys()],
    data: Buffer.alloc(1),
  });

  test.each([
    ['494 entries of zstd', Array.from({ length: 494 }, () => encodedPages('zstd', 2048))],
    ['two entries of one encoding', [encodedPages('zstd', 1), encodedPages('zstd', 1)]],
    ['an entry of no page', [encodedPages('zstd', 0)]],
    ['2049 pages of zstd', [encodedPages('zstd', 2049)]],
    ['more pages with content than a message may bring', [encodedPages('zstd', 2048), encodedPages('dedup', 513)]],
    ['a page behind memory, in the last entry', [encodedPages('zstd', 1), { ...encodedPages('dedup', 1), pages: [largeCount] }]],
  ])('%s: nothing is decoded', (_, encoded) => {
    expect(codeOfThrown(() => { large.receive(batchOf({ encoded })); })).toBe('PROTOCOL_VIOLATION');
    expect({ opened, present: large.presentCount }).toEqual({ opened: 0, present: 0 });
  }); // prettier-ignore

  test('the maximum number is decoded', () => {
    large.receive(batchOf({ encoded: [encodedPages('zstd', 2048), encodedPages('dedup', 512)] }));
    expect(opened).toBe(2);
  });

  test.each([
    ['all of memory a million times', Array.from({ length: 1_000_000 }, () => [0, largeCount]).flat()],
    ['more zero pages than a message may have', [0, 8193]],
    ['in many runs', Array.from({ length: 8193 }, (_, run) => [2 * run, 1]).flat()],
    ['runs that overlap', [0, 2, 1, 2]],
    ['runs that descend', [9, 1, 8, 1]],
  ])('zero runs, %s: nothing is installed', (_, zeroRuns) => {
    expect(codeOfThrown(() => { large.receive(batchOf({ zeroRuns })); })).toBe('PROTOCOL_VIOLATION'); // prettier-ignore
    expect({ pages: large.received.zeroPages, present: large.presentCount }).toEqual({
      pages: 0,
      present: 0,
    });
  });

  test('the maximum number of zero pages is installed', () => {
    large.receive(batchOf({ zeroRuns: [0, 8000, 8000, 1, 9000, 191] }));
    expect(large.presentCount).toBe(8192);
  });
});
