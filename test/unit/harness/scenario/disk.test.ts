import { describe, expect, test } from '@jest/globals';
import type { Section } from '#harness/scenario';
import { parseScenario } from '#harness/scenario';
import { overridesOf } from '#harness/cli/run-options';
import { runScenario } from '#harness/run';
import { gibibyte, mebibyte } from '#proto/units';

const parse = (document: unknown, overrides: Section = {}) =>
  parseScenario(document, overrides, ['coleraine-dublin']);
const diskOf = (document: unknown, overrides: Section = {}) => {
  const { scenario, problems } = parse(document, overrides);
  expect(problems).toEqual([]);
  return scenario!.guest.disk;
};

const usual = {
  sizeBytes: gibibyte,
  allocatedBytes: 256 * mebibyte,
  blockSizeBytes: 65_536,
  storage: 'block',
  live: true,
  incremental: true,
};

describe('guest.disk', () => {
  test.each([null, { guest: '1GiB' }, { guest: { disk: { storage: 'none' } } }])(
    '%j: no disk, and the scenario mentions none',
    (document) => {
      const { scenario, problems } = parse(document);
      expect(problems).toEqual([]);
      expect(scenario!.guest).not.toHaveProperty('disk');
      expect(Object.keys(scenario!.workload).filter((key) => key.startsWith('disk'))).toEqual([]);
    },
  );

  test.each<[unknown, object]>([
    [{}, {}],
    [
      { size: '5GiB', allocated: '700MiB' },
      { sizeBytes: 5 * gibibyte, allocatedBytes: 700 * mebibyte },
    ],
    ['8MiB', { sizeBytes: 8 * mebibyte, allocatedBytes: 2 * mebibyte }],
    ['1GiB,block=4KiB,incremental=off', { blockSizeBytes: 4096, incremental: false }],
  ])('%j', (disk, change) => {
    expect(diskOf({ guest: { disk } })).toEqual({ ...usual, ...change });
  });

  test('does not migrate live with stop-and-copy, which pauses the guest first', () => {
    expect(diskOf({ strategy: 'stop-and-copy', guest: { disk: {} } })).toEqual({ ...usual, live: false });
  });

  test('--disk works beside --guest, and overrides the file’s', () => {
    const overrides = overridesOf({ guest: '64MiB', disk: '5GiB,storage=block,live=off' });
    const document = { strategy: 'stop-and-copy', guest: { vcpus: 2, disk: { block: '4KiB' } } };
    expect(parse(document, overrides)).toMatchObject({
      problems: [],
      scenario: {
        guest: {
          ...{ ramBytes: 64 * mebibyte, vcpus: 2 },
          disk: { ...usual, sizeBytes: 5 * gibibyte, live: false },
        },
      },
    });
  });

  test('the workload uses everything allocated, or the part it is told to', () => {
    const workload = { name: 'idle', diskWriteRate: '16MiB/s', diskReadRate: 100 };
    const of = (guest: object, more: object = {}) =>
      parse({ guest: { disk: guest }, workload: { ...workload, ...more } }).scenario!.workload;
    expect(of({})).toMatchObject({
      ...{ diskWriteRateSectorsPerSecond: 4096, diskReadRateSectorsPerSecond: 100 },
      diskRegionBytes: 256 * mebibyte,
    });
    expect(of({ allocated: 0 })).toMatchObject({ diskRegionBytes: gibibyte });
    expect(of({}, { diskRegion: '1MiB' })).toMatchObject({ diskRegionBytes: mebibyte });
  });

  test.each<[object, RegExp]>([
    [{ guest: { disk: { size: '512KiB' } } }, /guest.disk.size: expected a size from 1 MiB to 128 GiB/],
    [{ guest: { disk: { size: '129GiB' } } }, /guest.disk.size: expected a size from 1 MiB to 128 GiB/],
    [{ guest: { disk: { block: '96KiB' } } }, /guest.disk.block: expected a power of two/],
    [{ guest: { disk: { block: '2MiB' } } }, /guest.disk.block: expected a size from 4 KiB to 1 MiB/],
    [{ guest: { disk: { size: '1028KiB' } } }, /guest.disk.size: expected whole blocks of 64 KiB/],
    [
      { guest: { disk: { size: '1MiB', allocated: '2MiB' } } },
      /guest.disk.allocated: 2 MiB of a disk of 1 MiB/,
    ],
    [{ guest: { disk: { storage: 'nbd' } } }, /guest.disk.storage: unknown storage "nbd"/],
    [{ guest: { disk: { storage: 'none', size: '1GiB' } } }, /guest.disk.size: belongs to a disk/],
    [{ guest: { disk: { sise: 1 } } }, /guest.disk: unknown key "sise"; did you mean "size"/],
    [{ guest: { disk: { live: false } } }, /guest.disk.live: off pauses .* not hybrid/],
    [{ strategy: 'stop-and-copy', guest: { disk: { live: true } } }, /guest.disk.live: stop-and-copy pauses/],
    [{ workload: { diskWriteRate: 5 } }, /workload.diskWriteRate: belongs to a guest with a disk/],
    [{ guest: { disk: {} }, workload: { diskRegion: '1MiB' } }, /workload.diskRegion: nothing uses it/],
    [
      { guest: { disk: {} }, workload: { diskWriteRate: 5, diskRegion: '2GiB' } },
      /workload.diskRegion: 2 GiB of a disk of 1 GiB/,
    ],
    [{ guest: { disk: {} }, workload: { diskWriteRate: 2e6 } }, /workload.diskWriteRate: expected sectors/],
  ])('%j is refused', (document, problem) => {
    const { problems } = parse(document);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  test.each(['hybrid', 'stop-and-copy', 'post-copy'])('a shared disk stays, whatever %s does', (strategy) => {
    expect(diskOf({ strategy, guest: { disk: '1028KiB,allocated=8KiB,storage=shared' } })).toEqual({
      ...{ sizeBytes: 1028 << 10, allocatedBytes: 8192, blockSizeBytes: 4096 },
      ...{ storage: 'shared', live: true, incremental: true },
    });
  });

  test('what says how a disk travels has no effect on one that stays: all of it is refused', () => {
    const disk = '1GiB,storage=shared,block=4KiB,live=off,incremental=on';
    expect(parse({ guest: { disk } }).problems).toEqual(
      ['block', 'live', 'incremental'].map((key) =>
        expect.stringMatching(`guest.disk.${key}: .*storage shared it stays .*take storage block`),
      ),
    );
    // Nor has a cap on pages before the switchover, where there are none.
    const capped = { strategy: 'post-copy', limits: { maxBandwidthMbps: 10 } };
    expect(parse({ ...capped, guest: { disk: '1GiB,storage=shared' } }).problems).toHaveLength(1);
  });

  test('an NFS server is a storage that no machine has: the run ends as unsupported, with the reason', async () => {
    const { scenario } = parse({ guest: { disk: '1GiB,storage=nfs' } });
    const { state, error } = await runScenario(scenario!);
    expect(state).toBe('unsupported');
    expect(error?.message).toMatch(/guest.disk.storage: nfs: .* Take storage=shared/);
  });

  test('post-copy sends a disk before the switchover, at the bandwidth that caps it', () => {
    const capped = { strategy: 'post-copy', limits: { maxBandwidthMbps: 10 } };
    expect(parse(capped).problems).toHaveLength(1);
    expect(parse({ ...capped, guest: { disk: {} } }).problems).toEqual([]);
  });
});
