import { describe, expect, test } from '@jest/globals';
import { simulate } from '#harness/simulation/simulate';
import type { Simulation, SimulationHands } from '#harness/simulation/simulate';
import type { Disk } from '#hosts/guest/disk';
import { ledgerOf, verifyMemory } from '#hosts/guest/verify';
import type { TransferStrategy } from '#hosts/ports';
import { ModelGuest } from '#hosts/simulation/model-guest';
import { writesInFlightMost } from '#hosts/transfer/disk-mirror';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import { strategyNamed, strategyNames } from '#catalogue/strategies';
import { bulkCodec } from '#proto/bulk';
import type { DiskConfig } from '#proto/guest';
import { mebibyte } from '#proto/units';
import { movedWhole } from '#test/support/trials';

/** A guest that writes to its disk while it migrates: 2 MiB of RAM, 8 MiB of disk. */
const disk: DiskConfig = {
  sizeBytes: 8 * mebibyte,
  allocatedBytes: 100 * 65_536,
  blockSizeBytes: 65_536,
  storage: 'block',
  live: true,
  incremental: true,
};
const [ramPages, sectors, allocatedBlocks] = [512, 2048, 100];
const guest = (change: Partial<DiskConfig> = {}): Simulation['guest'] => ({
  ramBytes: 2 * mebibyte,
  vcpus: 1,
  baseFootprintBytes: mebibyte,
  deviceStateBytes: 4096,
  prealloc: false,
  seed: 3,
  disk: { ...disk, ...change },
  workload: {
    name: 'stress',
    regionBytes: mebibyte,
    dirtyRatePagesPerSecond: 500,
    content: 'random',
    diskWriteRateSectorsPerSecond: 300,
    diskReadRateSectorsPerSecond: 300,
    diskRegionBytes: disk.sizeBytes,
  },
});
const simulation = (strategy: string, change: Partial<Simulation> = {}): Simulation => ({
  guest: guest(),
  link: { rateMbps: 1000, rttMs: 5.5 },
  strategy: strategyNamed(strategy),
  ...change,
});
const wholeDisk = { sectorsCompared: sectors, mismatches: 0, staleReads: 0, firstMismatches: [] };

describe('a guest with a disk', () => {
  test.each(strategyNames)('%s moves every page and every sector', async (strategy) => {
    const migration = await simulate(simulation(strategy));
    expect(migration).toMatchObject({
      ...movedWhole,
      verified: { mismatches: 0, staleReads: 0, pagesCompared: ramPages, disk: wholeDisk },
    });
    // At least what is allocated of both has travelled, in blocks of their sizes.
    const { ram, disk: moved } = migration.source;
    const leastBytes = mebibyte + allocatedBlocks * disk.blockSizeBytes;
    expect(ram.pageBytes + moved!.blockBytes).toBeGreaterThanOrEqual(leastBytes);
    expect(migration.wireBytes.downward).toBeGreaterThan(leastBytes);
    expect(moved).toMatchObject({ total: disk.sizeBytes });
    expect(ram.total).toBe(2 * mebibyte);
    expect(moved!.normal).toBeGreaterThanOrEqual(allocatedBlocks);
    expect(moved!.blockBytes).toBe(moved!.normal * disk.blockSizeBytes);
    expect(moved!.transferred).toBeGreaterThan(moved!.blockBytes);
  });

  test('has no figures of a disk without one', async () => {
    const { disk: none, ...rest } = guest();
    expect(none).toBeDefined();
    const { source, verified } = await simulate(simulation('pre-copy', { guest: rest }));
    expect(source).not.toHaveProperty('disk');
    expect(source.timeline).not.toHaveProperty('drainedAtMs');
    expect(verified).not.toHaveProperty('disk');
  });

  test('migrates the same way each time', async () => {
    const [first, second] = [await simulate(simulation('hybrid')), await simulate(simulation('hybrid'))];
    expect(second.events).toEqual(first.events);
    expect(second.wireBytes).toEqual(first.wireBytes);
  });

  test('incremental leaves out what was never written; otherwise the whole image travels', async () => {
    // Blocks that stay unwritten: the workload keeps to what is allocated.
    const { workload, ...rest } = guest();
    const within = { ...rest, workload: { ...workload, diskRegionBytes: disk.allocatedBytes } };
    const sent = async (incremental: boolean) => {
      const config = { ...within, disk: { ...disk, live: false, incremental } };
      const { source, verified } = await simulate(simulation('stop-and-copy', { guest: config }));
      expect(verified.disk).toEqual(wholeDisk);
      return source.disk!;
    };
    expect(await sent(true)).toMatchObject({ normal: allocatedBlocks, duplicate: 128 - allocatedBlocks });
    expect(await sent(false)).toMatchObject({ normal: 128, duplicate: 0, blockBytes: disk.sizeBytes });
  });

  test('stop-and-copy sends the disk before the memory', async () => {
    const isDisk: boolean[] = [];
    await simulate(
      simulation('stop-and-copy', {
        guest: guest({ live: false }),
        tap: (_, stream, message) => {
          if (!stream.startsWith('pages')) return;
          const bulk = bulkCodec.deserialize(message);
          if (bulk.body === 'pages') isDisk.push(bulk.pages.region === 1);
        },
      }),
    );
    const firstOfMemory = isDisk.indexOf(false);
    expect(firstOfMemory).toBeGreaterThan(0);
    expect(isDisk.slice(firstOfMemory)).not.toContain(true);
  });

  test.each(['post-copy', 'hybrid'])(
    '%s: after a lost connection, the missing parts of both RAM and disk arrive',
    async (strategy) => {
      let isLost = false;
      const migration = await simulate(
        simulation(strategy, { limits: { maxPostcopyBandwidthMbps: 50 } }),
        (event, { wire, clock }) => {
          if (event.type !== 'status' || event.status !== 'postcopy-active' || isLost) return;
          isLost = true;
          clock.timer(20, () => {
            wire.drop();
          });
        },
      );
      expect(isLost).toBe(true);
      expect(migration.source.recoveries.length).toBeGreaterThan(0);
      expect(migration).toMatchObject({
        ...movedWhole,
        verified: { mismatches: 0, staleReads: 0, disk: wholeDisk },
        destination: { status: 'completed', error: null },
      });
    },
  );

  test.each([1, 10, 25])(
    'post-copy: a connection lost %d ms after the order to resume: no block of the disk is missing when the guest runs',
    async (afterMs) => {
      let hands: SimulationHands | null = null;
      let lostAtMs = 0;
      // A narrow link, and few enough writes that none is mirrored: what the pause found dirty of the disk is still under way
      // when the order goes out.
      const { workload, ...rest } = guest();
      const few = { ...workload, diskWriteRateSectorsPerSecond: 20 };
      const migration = await simulate(
        simulation('post-copy', {
          guest: { ...rest, workload: few },
          link: { rateMbps: 20, rttMs: 10 },
          limits: { downtimeLimitMs: 2000 },
          tap: (atMs, stream, message) => {
            if (lostAtMs > 0 || hands === null || !stream.startsWith('pages')) return;
            if (bulkCodec.deserialize(message).body !== 'resume') return;
            lostAtMs = atMs + afterMs;
            hands.clock.timer(afterMs, () => hands!.wire.drop());
          },
        }),
        (_, given) => {
          hands = given;
        },
      );
      const { source, destination } = migration;
      expect(destination.timeline.firstInstructionAtMs).toBeGreaterThan(lostAtMs);
      expect(source.recoveries).toHaveLength(1);
      expect(migration).toMatchObject({ ...movedWhole, verified: { mismatches: 0, disk: wholeDisk } });
    },
  );

  describe('mirrored writes', () => {
    /** The guest writes to its disk three times as fast as the link carries. */
    const { workload, ...rest } = guest();
    const narrow = {
      // Its memory converges, so that the disk decides.
      guest: { ...rest, workload: { ...workload, dirtyRatePagesPerSecond: 20 } },
      link: { rateMbps: 20, rttMs: 10 },
      limits: { downtimeLimitMs: 100 },
    };

    test.each(['pre-copy', 'post-copy', 'hybrid'])(
      '%s converges over a link that carries less than is written, and every write is on both hosts',
      async (strategy) => {
        const migration = await simulate(simulation(strategy, narrow));
        expect(migration).toMatchObject({ ...movedWhole, verified: { mismatches: 0, disk: wholeDisk } });
        const { disk: moved, timeline } = migration.source;
        expect(moved!.mirroredWrites).toBeGreaterThan(20);
        // The drain: a write in flight is there and back before the guest is out.
        expect(timeline.drainedAtMs! - timeline.lastInstructionAtMs!).toBeGreaterThan(0);
        // 32 writes would take the link 840 ms: no more are in flight than cross it in half of the limit.
        expect(timeline.drainedAtMs! - timeline.lastInstructionAtMs!).toBeLessThan(100);
      },
    );

    test.each([
      ['by the rate so far: half of 300 ms at 10 Mb/s are 187.5 kB', 0, 1250, 2],
      ['one at least', 0, 10, 1],
      ['no more than a disk has requests', 0, 1e6, 32],
      ['by avail-switchover-bandwidth, where it is given: 468.75 kB', 25, 1e6, 7],
    ])('in flight: %s', (_, availSwitchoverBandwidthMbps, bytesPerMs, most) => {
      const limits = { downtimeLimitMs: 300, availSwitchoverBandwidthMbps };
      expect(writesInFlightMost(limits, bytesPerMs, 65_536)).toBe(most);
    });

    test('are not needed if rounds of dirty blocks end by themselves, nor if the guest is paused', async () => {
      for (const [strategy, live] of [
        ['pre-copy', true],
        ['stop-and-copy', false],
      ] as const) {
        const { source } = await simulate(simulation(strategy, { guest: guest({ live }) }));
        expect(source.disk!.mirroredWrites).toBe(0);
      }
    });

    test('with several channels, stay on the first one, so no older copy of a block overtakes a write', async () => {
      const streams = { disk: new Set<string>(), ram: new Set<string>() };
      const migration = await simulate(
        simulation('pre-copy', {
          ...narrow,
          transfer: { channels: 4 },
          tap: (_, stream, message) => {
            if (!stream.startsWith('pages')) return;
            const bulk = bulkCodec.deserialize(message);
            if (bulk.body === 'pages') streams[bulk.pages.region === 1 ? 'disk' : 'ram'].add(stream);
          },
        }),
      );
      expect(migration).toMatchObject({ ...movedWhole, verified: { mismatches: 0, disk: wholeDisk } });
      expect(migration.source.disk!.mirroredWrites).toBeGreaterThan(20);
      expect(streams.disk.size).toBe(1);
      expect(streams.ram.size).toBeGreaterThan(1);
    });

    test('share max-bandwidth with the rounds, which still get their turn', async () => {
      const limits = { downtimeLimitMs: 100, maxBandwidthMbps: 40 };
      const { source, verified } = await simulate(
        simulation('pre-copy', { ...narrow, link: { rateMbps: 1000, rttMs: 10 }, limits }),
      );
      expect(source).toMatchObject({ status: 'completed' });
      expect(verified.disk).toEqual(wholeDisk);
      expect(source.disk!.mirroredWrites).toBeGreaterThan(20);
      const { activeAtMs, pauseRequestedAtMs } = source.timeline;
      const bytes = source.ram.precopyBytes + source.disk!.transferred;
      const mbps = (bytes * 8) / 1000 / (pauseRequestedAtMs! - activeAtMs!);
      expect(mbps).toBeLessThan(1.1 * limits.maxBandwidthMbps);
    });

    test('do not block the guest when the connection is lost', async () => {
      let writes = 0;
      let ends: SimulationHands | null = null;
      const { source, guestAt } = await simulate(
        simulation('pre-copy', { ...narrow, limits: { downtimeLimitMs: 1 } }),
        (_, hands) => {
          if (ends !== null || hands.source.regions[1] === undefined) return;
          ends = hands;
          const { disk: control } = hands.source;
          const { mirror } = control!;
          control!.mirror = (onWrite) => {
            mirror.call(
              control,
              onWrite === null
                ? null
                : (block) => {
                    onWrite(block);
                    if (++writes === 40) hands.wire.drop();
                  },
            );
          };
        },
      );
      expect(writes).toBeGreaterThanOrEqual(40);
      expect(source.status).toBe('failed');
      expect(guestAt).toBe('source');
    });

    test('negative control: a write that the mirror loses is found', async () => {
      let lost = 0;
      const { source, verified } = await simulate(simulation('pre-copy', narrow), (_, hands) => {
        const { disk: control } = hands.source;
        if (Object.hasOwn(control!, 'mirror')) return;
        const { mirror } = control!;
        control!.mirror = (onWrite) => {
          mirror.call(
            control,
            onWrite === null
              ? null
              : (block) => {
                  // Acknowledged, and never sent: all writes to one block are lost.
                  if (block !== 3) onWrite(block);
                  else {
                    lost++;
                    control!.clean(block);
                    control!.acknowledge(1);
                  }
                },
          );
        };
      });
      expect(source.disk!.mirroredWrites).toBeGreaterThan(0);
      expect(lost).toBeGreaterThan(0);
      expect(verified.mismatches).toBe(0);
      expect(verified.disk!.mismatches + verified.disk!.staleReads).toBeGreaterThan(0);
    });
  });

  describe('negative controls', () => {
    const copied = async (): Promise<[ModelGuest, ModelGuest, Disk]> => {
      const clock = new VirtualClock();
      const source = await ModelGuest.boot(guest(), 'source', clock);
      const destination = await ModelGuest.boot(guest(), 'destination', clock);
      const page = Buffer.alloc(disk.blockSizeBytes);
      for (const [index, region] of source.regions.entries())
        for (let block = 0; block < region.blockCount; block++) {
          if (region.isZero(block)) continue;
          region.copyTo(block, page, 0);
          destination.regions[index]!.copyFrom(block, page, 0);
        }
      return [source, destination, destination.regions[1] as Disk];
    };

    test('the copy is whole', async () => {
      const [source, destination] = await copied();
      expect(await verifyMemory(destination, ledgerOf(source))).toMatchObject({
        mismatches: 0,
        disk: wholeDisk,
      });
    });

    test('a block of the disk that was left out is found', async () => {
      const [source, destination, there] = await copied();
      there.clear(7);
      expect(await verifyMemory(destination, ledgerOf(source))).toMatchObject({
        mismatches: 0,
        disk: { mismatches: 16, firstMismatches: Array.from({ length: 16 }, (_, index) => 7 * 16 + index) },
      });
    });

    test('a sector of an older version is found, and a read of it is stale', async () => {
      const [source, destination, there] = await copied();
      (source.regions[1] as Disk).sectors.writeVersion(33, 2);
      expect(await verifyMemory(destination, ledgerOf(source))).toMatchObject({
        disk: { mismatches: 1, firstMismatches: [33], staleReads: 0 },
      });
      // The guest there overwrites what it believed to be the newest version.
      there.sectors.noteFirstVersion(33, there.readVersion(33));
      there.sectors.writeVersion(33, 2);
      expect(await verifyMemory(destination, ledgerOf(source))).toMatchObject({
        disk: { mismatches: 0, staleReads: 1 },
      });
    });

    test("one altered byte, and another sector's bytes, are found", async () => {
      const [source, destination, there] = await copied();
      const block = Buffer.alloc(disk.blockSizeBytes);
      there.copyTo(9, block, 0);
      block[disk.blockSizeBytes - 1]! ^= 1;
      there.copyFrom(9, block, 0);
      there.copyTo(10, block, 0);
      there.copyFrom(11, block, 0);
      expect(await verifyMemory(destination, ledgerOf(source))).toMatchObject({ disk: { mismatches: 17 } });
    });

    test('data where nothing was ever written is found', async () => {
      const [source, destination, there] = await copied();
      const block = Buffer.alloc(disk.blockSizeBytes);
      there.copyTo(9, block, 0);
      there.copyFrom(allocatedBlocks, block, 0);
      expect(await verifyMemory(destination, ledgerOf(source))).toMatchObject({ disk: { mismatches: 16 } });
    });

    const finish = async (session: Parameters<TransferStrategy['migrate']>[0]) => {
      await session.destination.sendDeviceState();
      await session.destination.resume('complete');
      await session.destination.complete();
    };
    const sendAll = async (
      { pages }: Parameters<TransferStrategy['migrate']>[0],
      pending: ReturnType<Parameters<TransferStrategy['migrate']>[0]['memory']['sync']>,
    ) => {
      for (let from = 0; pending.count > 0;) from = await pages.sendBatch(pending, from);
    };

    test('a strategy that ignores disk writes after its first pass is found', async () => {
      const strategy: TransferStrategy = {
        name: 'forgets-the-disk',
        migrate: async (session, signal) => {
          const { memory } = session;
          await sendAll(session, memory.sync());
          await session.clock.sleep(100, signal);
          await session.guest.pause();
          const dirtied = memory.sync();
          dirtied.deleteAll(memory.mustPrecopy(dirtied));
          await sendAll(session, dirtied);
          await finish(session);
        },
      };
      const { verified } = await simulate(simulation('pre-copy', { strategy }));
      expect(verified.mismatches).toBe(0);
      expect(verified.disk!.mismatches + verified.disk!.staleReads).toBeGreaterThan(0);
    });

    test('a strategy that resumes the guest before its disk has arrived is refused', async () => {
      const strategy: TransferStrategy = {
        name: 'resumes-without-its-disk',
        migrate: async (session) => {
          await session.guest.pause();
          session.faults.serve(session.memory.sync());
          await session.destination.sendDeviceState();
          await session.destination.resume('postcopy');
          await session.destination.complete();
        },
      };
      const { source, destination } = await simulate(simulation('post-copy', { strategy }));
      expect(destination.error).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
      expect(destination.error?.message).toMatch(/complete disk/);
      expect(source.status).toBe('failed');
    });
  });
});
