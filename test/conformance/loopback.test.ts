import { describe, expect, test } from '@jest/globals';
import { defaultCapabilities } from '#catalogue/capabilities';
import { strategyNames } from '#catalogue/strategies';
import { Guest } from '#hosts/guest/guest';
import { mebibyte, pageSizeBytes } from '#proto/units';
import { loopbackAddresses, loopbackGuest, migrateOverLoopback } from '../support/loopback-migration.ts';
import type { LoopbackMigration, LoopbackReport } from '../support/loopback-migration.ts';

/**
 * Whole migrations in one process, real but for the link: every strategy and every switch of the agent, each held to
 * the same oracles. What the switches do to time and rate is for virtual time and for real links.
 */

const pageCount = loopbackGuest.ramBytes / pageSizeBytes;
const basePages = loopbackGuest.baseFootprintBytes / pageSizeBytes;
const regionPages = loopbackGuest.workload.regionBytes / pageSizeBytes;

/** The guest moved whole, and both sides count the same. */
const moved = async (migration: LoopbackMigration): Promise<LoopbackReport> => {
  const report = await migrateOverLoopback(migration);
  const { source, destination, verified } = report;
  expect([source.error, destination.error]).toEqual([null, null]);
  expect(verified).toMatchObject({ pagesCompared: pageCount, mismatches: 0, staleReads: 0 });
  const { ram, encodedPages, capabilities } = source;
  const { xbzrle, zstd, dedup } = capabilities;
  // What an encoder sent in full, in its own way.
  const wholeWithin = (xbzrle?.['cacheMiss'] ?? 0) + (xbzrle?.['overflow'] ?? 0) + (dedup?.['newPages'] ?? 0);
  const encoded = Object.values(encodedPages).reduce((sum, pages) => sum + pages, 0);
  expect(ram.precopyBytes + ram.downtimeBytes + ram.postcopyBytes).toBe(ram.transferred);
  expect(destination).toMatchObject({
    received: {
      pages: ram.normal - wholeWithin,
      zeroPages: ram.duplicate,
      encodedPages: encoded + wholeWithin,
    },
    duplicateArrivals: 0,
  });
  // Every page counts once, by how it travelled; the encoder's own count agrees.
  for (const [name, told] of Object.entries({ xbzrle, zstd, dedup }))
    expect([name, encodedPages[name] ?? 0]).toEqual([name, told?.['pages'] ?? 0]);
  return report;
};

const roundsOf = ({ events }: LoopbackReport) => events.filter((event) => event.type === 'round');

test.each(strategyNames)('%s', async (strategy) => {
  const { source } = await moved({ strategy });
  expect(source.ram.normal).toBeGreaterThanOrEqual(basePages + regionPages);
  expect(source.encodedPages).toEqual({});
});

/** The remaining bytes reported between one bitmap sync and the next. */
const remainingIn = ({ events }: LoopbackReport): number[] =>
  events.flatMap((event) => (event.type === 'progress' ? [event.remainingBytes] : []));

test('the remainder is what was dirty and is unsent, within every round, not just the first', async () => {
  const limits = { hybridRounds: 3, maxBandwidthMbps: 40 };
  const report = await moved({ strategy: 'hybrid', limits, workload: { dirtyRatePagesPerSecond: 50_000 } });
  const ended = roundsOf(report).filter(({ phase }) => phase === 'precopy');
  expect(ended.length).toBeGreaterThan(2);
  const remaining = remainingIn(report);
  // The first tells of no more than the guest's memory, and it never grows but by a sync.
  expect(remaining[0]).toBeLessThanOrEqual(pageCount * pageSizeBytes);
  const grows = remaining.filter((bytes, index) => index > 0 && bytes > remaining[index - 1]!).length;
  expect(grows).toBeLessThanOrEqual(ended.length);
  // Rounds of 2 MiB take 400 ms at this rate: each of them is told of several times.
  const second = report.events.filter(
    (event) => event.type === 'progress' && event.atMs > ended[0]!.atMs && event.atMs < ended[1]!.atMs,
  );
  expect(remainingIn({ ...report, events: second }).some((bytes) => bytes > 0)).toBe(true);
  for (const bytes of remainingIn({ ...report, events: second }))
    expect(bytes).toBeLessThanOrEqual(ended[0]!.pagesDirtied * pageSizeBytes);
});

describe('device state', () => {
  test.each([
    // One chunk: twice its size opens the window.
    [65_536, 2 * 65_536],
    // Several chunks, with the registers split over the last two: the window opens no wider than is ever in flight.
    [3 * mebibyte + 100, 4 * mebibyte],
  ])('of %i bytes arrives behind %i bytes of padding', async (deviceStateBytes, paddingBytes) => {
    const { source, destination } = await moved({ strategy: 'post-copy', deviceStateBytes });
    expect(source.ram.paddingBytes).toBe(paddingBytes);
    expect(destination.timeline.deviceStateLoadedAtMs).not.toBeNull();
  });

  test('a guest that has not arrived yet has none', async () => {
    const [guest] = await Guest.boot(loopbackGuest, 'destination', loopbackAddresses.destination);
    try {
      expect(() => guest.saveDeviceState()).toThrow(/booted at the source/);
    } finally {
      await guest.destroy();
    }
  });
});

describe('caps', () => {
  const mbps = 100;
  /** The least time for this many bytes: the first message of 10 ms goes at once, and 20 ms may be made up for. */
  const leastMs = (bytes: number): number => (bytes * 8) / (mbps * 1000) - 30;

  test.each(['pre-copy', 'hybrid', 'stop-and-copy'] as const)('maxBandwidthMbps, %s', async (strategy) => {
    const report = await moved({ strategy, limits: { maxBandwidthMbps: mbps } });
    const capped = roundsOf(report).filter(
      ({ phase }) => phase === 'precopy' || strategy === 'stop-and-copy',
    );
    const bytes = capped.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    const durationMs = capped.reduce((sum, round) => sum + round.durationMs, 0);
    expect(bytes).toBeGreaterThan(0.9 * (basePages + regionPages) * pageSizeBytes);
    expect(durationMs).toBeGreaterThan(leastMs(bytes));
  });

  test('maxPostcopyBandwidthMbps, and demand pages overtake the push', async () => {
    const report = await moved({
      strategy: 'post-copy',
      limits: { maxPostcopyBandwidthMbps: mbps },
      workload: { name: 'hotspot', hotRegionFraction: 1 },
    });
    const last = roundsOf(report).at(-1);
    const { destination, source } = report;
    const demandBytes = source.ram.postcopyRequests * (pageSizeBytes + 32);
    expect(last?.durationMs).toBeGreaterThan(leastMs(source.ram.postcopyBytes - demandBytes));
    expect(destination.faults.count).toBeGreaterThan(0);
    // The whole push takes some 340 ms; a fault that waited for its turn in it would take half of that.
    expect(destination.faults.p50Us).toBeLessThan(100_000);
  });
});

/** A push slow enough for the guest to fault, and random touches. */
const faulting = {
  limits: { maxPostcopyBandwidthMbps: 100 },
  workload: { name: 'hotspot', hotRegionFraction: 1 },
} as const;

/** How many messages of this name an end tells of, and what they carried. */
const toldOf = ({ events }: LoopbackReport, host: 'source' | 'destination', name: string) => {
  const messages = events.flatMap((event) =>
    event.type === 'messages' && event.host === host ? event.messages : [],
  );
  const named = messages.filter((message) => message.name === name);
  return {
    ways: [...new Set(named.map(({ way }) => way))],
    count: named.reduce((sum, { count }) => sum + count, 0),
    bytes: named.reduce((sum, { bytes }) => sum + bytes, 0),
  };
};

test('both ends tell of the same messages, and every fault is told of', async () => {
  const report = await moved({ strategy: 'post-copy', capabilities: { 'uniform-pages': true }, ...faulting });
  const { source, destination, events } = report;
  for (const name of ['pages', 'answer', 'discard', 'deviceState', 'padding', 'resume', 'barrier', 'allPagesSent']) {
    const [sent, received] = [toldOf(report, 'source', name), toldOf(report, 'destination', name)];
    expect([name, received.count, received.bytes]).toEqual([name, sent.count, sent.bytes]);
    expect(sent.ways).toEqual(sent.count === 0 ? [] : ['sent']);
    expect(received.ways).toEqual(sent.count === 0 ? [] : ['received']);
  }
  for (const name of ['hello', 'ready', 'resumed', 'completed'])
    expect([name, toldOf(report, 'destination', name).count]).toEqual([name, name === 'hello' ? 2 : 1]);
  expect(toldOf(report, 'source', 'request').count).toBe(source.ram.postcopyRequests);
  const pageBytes = toldOf(report, 'source', 'pages').bytes + toldOf(report, 'source', 'answer').bytes;
  expect(pageBytes).toBe(source.ram.pageBytes);
  const [told] = events.filter((event) => event.type === 'faults');
  expect(told?.faults).toHaveLength(destination.faults.count);
  const { connectedAtMs, endedAtMs } = destination.timeline;
  for (const { requestedAtMs, answeredAtMs, page, vcpu } of told?.faults ?? []) {
    expect(requestedAtMs).toBeGreaterThan(connectedAtMs!);
    expect(answeredAtMs).toBeGreaterThanOrEqual(requestedAtMs);
    expect(answeredAtMs).toBeLessThanOrEqual(endedAtMs);
    expect(page).toBeLessThan(pageCount);
    expect(vcpu).toBeLessThan(loopbackGuest.vcpus);
  }
}); // prettier-ignore

describe('faults', () => {
  test.each([
    ['post-copy', 'preempt'],
    ['post-copy', 'in-stream'],
    ['post-copy', 'blocking'],
    ['hybrid', 'in-stream'],
    ['hybrid', 'blocking'],
  ] as const)('%s, %s', async (strategy, faults) => {
    // The destination refuses answers that come another way than the hello says.
    const { source, destination } = await moved({ strategy, transfer: { faults }, ...faulting });
    if (strategy === 'hybrid') return;
    expect(source.ram.postcopyRequests).toBeGreaterThan(0);
    expect(destination.faults.count).toBeGreaterThan(0);
  });
});

describe('transfer.dirtyBitmap', () => {
  test.each([false, true])('%p', async (dirtyBitmap) => {
    // An idle guest touches no more than its kernel's pages, all of them in the base footprint.
    const idle = { name: 'idle', regionBytes: 0 } as const;
    const { source } = await moved({ strategy: 'hybrid', transfer: { dirtyBitmap }, workload: idle });
    const { normal, duplicate } = source.ram;
    if (!dirtyBitmap)
      expect({ normal, duplicate }).toEqual({ normal: 2 * basePages, duplicate: 2 * (pageCount - basePages) }); // prettier-ignore
    else expect(normal + duplicate).toBeLessThan(1.5 * pageCount);
  });
});

describe('uniform-pages', () => {
  test.each(strategyNames)('leaves out a uniform region, %s', async (strategy) => {
    const migration = {
      strategy,
      capabilities: { 'uniform-pages': true },
      workload: { content: 'uniform' },
    } as const;
    const { ram, encodedPages } = (await moved(migration)).source;
    expect(ram.normal).toBe(basePages);
    const uniform = encodedPages['uniform-pages'] ?? 0;
    expect(uniform).toBeGreaterThanOrEqual(regionPages);
    expect(ram.transferred).toBeLessThan(basePages * (pageSizeBytes + 32) + uniform * 32 + 32_768);
  });

  test('leaves out nothing of a random region, and nothing without the switch', async () => {
    const random = await moved({ strategy: 'hybrid', capabilities: { 'uniform-pages': true } });
    const off = await moved({ strategy: 'hybrid', workload: { content: 'uniform' } });
    for (const { source } of [random, off]) {
      expect(source.encodedPages).toEqual({});
      expect(source.ram.normal).toBeGreaterThanOrEqual(basePages + regionPages);
    }
  });

  test('works together with every other switch', async () => {
    const { source } = await moved({
      strategy: 'hybrid',
      limits: { maxBandwidthMbps: 200, maxPostcopyBandwidthMbps: 100 },
      transfer: { dirtyBitmap: false, faults: 'blocking' },
      capabilities: { ...defaultCapabilities, 'uniform-pages': true },
      workload: { name: 'hotspot', hotRegionFraction: 1, content: 'uniform' },
    });
    const { normal, duplicate } = source.ram;
    const uniform = source.encodedPages['uniform-pages'] ?? 0;
    expect(normal + duplicate + uniform).toBe(2 * pageCount);
    expect(uniform).toBe(2 * regionPages);
  });
});

describe('xbzrle', () => {
  // Slow enough that the guest dirties its whole region in every round.
  const rounds = { convergence: 'xen', hybridRounds: 4, maxBandwidthMbps: 200 } as const;
  const busy = { dirtyRatePagesPerSecond: 20_000 };

  test.each(['pre-copy', 'hybrid'] as const)('sends what has changed, %s', async (strategy) => {
    const workload = { ...busy, content: 'sparse' } as const;
    const { source } = await moved({ strategy, limits: rounds, workload, capabilities: { xbzrle: 64 } });
    const { pages, bytes, cacheMiss, overflow } = source.capabilities['xbzrle']!;
    expect(pages).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(pages! * 80);
    expect({ cacheMiss: cacheMiss! <= 2 * regionPages, overflow }).toEqual({ cacheMiss: true, overflow: 0 });
  });

  test('gains nothing on random pages, and loses no page', async () => {
    const limits = { ...rounds, hybridRounds: 3 };
    const { source } = await moved({
      strategy: 'hybrid',
      limits,
      workload: busy,
      capabilities: { xbzrle: 1 },
    });
    expect(source.capabilities['xbzrle']).toMatchObject({ pages: 0 });
  });

  test('works on several channels', async () => {
    const workload = { ...busy, content: 'sparse' } as const;
    const migration = { limits: rounds, workload, transfer: { channels: 3 }, capabilities: { xbzrle: 64 } };
    await moved({ strategy: 'pre-copy', ...migration });
  });
});

describe('zstd', () => {
  test.each(strategyNames)('compresses compressible pages to a third, %s', async (strategy) => {
    const workload = { content: 'compressible' } as const;
    const { source } = await moved({ strategy, workload, capabilities: { zstd: 1 } });
    const { pages, bytes } = source.capabilities['zstd']!;
    expect(pages).toBeGreaterThanOrEqual(regionPages / 2);
    expect(bytes).toBeLessThan(0.4 * pages! * pageSizeBytes);
  });

  test('chooses by itself (auto) with random pages, on several channels', async () => {
    const migration = { transfer: { channels: 2 }, capabilities: { zstd: 'auto' } };
    const { source } = await moved({ strategy: 'pre-copy', ...migration });
    expect(source.capabilities['zstd']).toMatchObject({ pages: 0 });
  });
});

describe('dedup', () => {
  test.each(strategyNames)('sends repeated content as references, %s', async (strategy) => {
    const workload = { content: 'duplicate' } as const;
    const { source } = await moved({ strategy, workload, capabilities: { dedup: 4 } });
    const { duplicateBlocks, bytes, pages } = source.capabilities['dedup']!;
    // In post-copy demand pages travel whole.
    expect(duplicateBlocks).toBeGreaterThan(regionPages / 2);
    expect(bytes).toBeLessThan(pages! * pageSizeBytes - duplicateBlocks! * 1000);
  });

  test('sends random pages whole', async () => {
    const { source } = await moved({ strategy: 'hybrid', capabilities: { dedup: 1 } });
    const { duplicateBlocks, pages, newPages } = source.capabilities['dedup']!;
    // All random bytes are cut from one pool: now and then two blocks are the same.
    expect(duplicateBlocks).toBeLessThan(0.01 * 4 * (pages! + newPages!));
  });
});

describe('the order of pages', () => {
  const busy = { dirtyRatePagesPerSecond: 20_000 };

  test.each(['none', 'forward', 'bubbling', 'growing'])('prepaging=%s', async (prepaging) => {
    const limits = { maxPostcopyBandwidthMbps: 200 };
    const workload = { ...busy, name: 'hotspot', hotRegionFraction: 1 } as const;
    const { destination } = await moved({
      strategy: 'post-copy',
      limits,
      workload,
      capabilities: { prepaging },
    });
    expect(destination.faults.count).toBeGreaterThan(0);
  });

  test.each(['pre-copy', 'hybrid'] as const)('cold-first, %s', async (strategy) => {
    const limits = { convergence: 'xen', hybridRounds: 3, maxBandwidthMbps: 200 } as const;
    const workload = { ...busy, name: 'hotspot' } as const;
    await moved({ strategy, limits, workload, capabilities: { 'cold-first': true } });
  });
});

test('auto-converge slows a guest down until pre-copy can catch up', async () => {
  const limits = { downtimeLimitMs: 100, maxBandwidthMbps: 100, maxRounds: 10_000 };
  const workload = { dirtyRatePagesPerSecond: 0 };
  const migration = { strategy: 'pre-copy', limits, workload } as const;
  /** On a machine that is busy elsewhere the guest itself gets so little time that pre-copy converges by itself. */
  const throttled = async (): Promise<Readonly<Record<string, number>>> => {
    for (let attempt = 1; ; attempt++) {
      const { source } = await moved({ ...migration, capabilities: { 'auto-converge': true } });
      const told = source.capabilities['auto-converge']!;
      if (told['cpuThrottlePercentage'] !== 0 || attempt === 4) return told;
      console.warn(`attempt ${attempt}: pre-copy converged before the guest was throttled`);
    }
  };
  const { cpuThrottlePercentage, vcpuTimeTakenMs } = await throttled();
  expect(cpuThrottlePercentage).toBeGreaterThanOrEqual(20);
  expect(vcpuTimeTakenMs).toBeGreaterThan(0);
}, 120_000);

test('zero-page-detection off: every page travels whole', async () => {
  const { ram } = (await moved({ strategy: 'stop-and-copy', zeroPageDetection: false })).source; // prettier-ignore
  expect(ram).toMatchObject({ normal: pageCount, duplicate: 0 });
});
