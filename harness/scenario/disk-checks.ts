import { diskStorages, isMigratingDisk, isSharedDisk } from '#catalogue/disk-storages';
import { formatBytes } from '../format.ts';
import type { CrossCheck } from './cross-check.ts';

/** Keys of the section `workload` that only a guest with a disk takes. */
export const diskKeys: readonly string[] = ['diskWriteRate', 'diskReadRate', 'diskRegion'];

/** Keys of `guest.disk` that say how it travels. */
const travelKeys: readonly string[] = ['block', 'live', 'incremental'];

const migratingStorages = Object.entries(diskStorages)
  .filter(([, { migrates }]) => migrates)
  .map(([name]) => name);

/** Rules over the guest's disk and what uses it. */
export const diskChecks: readonly CrossCheck[] = [
  {
    reads: ['guest.disk'],
    problem: ({ guest: { disk } }, { guest }) => {
      const given = Object.entries(guest?.disk ?? {}).filter(([, value]) => value !== undefined);
      return disk === undefined
        ? given
            .filter(([key]) => key !== 'storage')
            .map(([key]) => `guest.disk.${key}: belongs to a disk; with storage none the guest has none`)
        : undefined;
    },
  },
  {
    reads: ['guest.disk'],
    problem: ({ guest: { disk } }, { guest }) =>
      isSharedDisk(disk)
        ? Object.entries(guest?.disk ?? {})
            .filter(([key, value]) => value !== undefined && travelKeys.includes(key))
            .map(
              ([key]) =>
                `guest.disk.${key}: says how a disk travels; with storage ${disk?.storage} it stays where it is: leave it ` +
                `out, or take storage ${migratingStorages.join(' or ')}`,
            )
        : undefined,
  },
  {
    reads: ['guest.disk'],
    problem: ({ guest: { disk } }) =>
      disk !== undefined && disk.sizeBytes % disk.blockSizeBytes !== 0
        ? `guest.disk.size: expected whole blocks of ${formatBytes(disk.blockSizeBytes)}, got ${disk.sizeBytes} bytes`
        : undefined,
  },
  {
    reads: ['guest.disk'],
    problem: ({ guest: { disk } }) =>
      disk !== undefined && disk.allocatedBytes > disk.sizeBytes
        ? `guest.disk.allocated: ${formatBytes(disk.allocatedBytes)} of a disk of ${formatBytes(disk.sizeBytes)}`
        : undefined,
  },
  {
    reads: ['guest.disk', 'workload.diskRegion'],
    problem: ({ guest: { disk }, workload: { diskRegionBytes = 0 } }) =>
      disk !== undefined && diskRegionBytes > disk.sizeBytes
        ? `workload.diskRegion: ${formatBytes(diskRegionBytes)} of a disk of ${formatBytes(disk.sizeBytes)}`
        : undefined,
  },
  {
    reads: ['guest.disk', 'workload'],
    problem: ({ guest: { disk } }, { workload }) => {
      const given = Object.entries(workload ?? {}).filter(([, value]) => value !== undefined);
      return disk === undefined
        ? given
            .filter(([key]) => diskKeys.includes(key))
            .map(([key]) => `workload.${key}: belongs to a guest with a disk: set guest.disk`)
        : undefined;
    },
  },
  {
    reads: ['guest.disk', 'workload'],
    problem: ({ workload: { diskWriteRateSectorsPerSecond, diskReadRateSectorsPerSecond } }, { workload }) =>
      workload?.diskRegion !== undefined &&
      diskWriteRateSectorsPerSecond === 0 &&
      diskReadRateSectorsPerSecond === 0
        ? 'workload.diskRegion: nothing uses it: set workload.diskWriteRate or workload.diskReadRate'
        : undefined,
  },
  {
    reads: ['guest.disk', 'strategy'],
    problem: ({ guest: { disk }, strategy }, _document, { live: runsMeanwhile = true }) => {
      if (disk === undefined || !isMigratingDisk(disk) || disk.live === runsMeanwhile) return undefined;
      return runsMeanwhile
        ? `guest.disk.live: off pauses the guest before anything is sent, which only stop-and-copy does, not ${strategy}`
        : `guest.disk.live: ${strategy} pauses the guest before anything is sent: nothing is live, set it to off`;
    },
  },
];
