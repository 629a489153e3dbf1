import type { LeaseReport, StorageReport } from '#proto/storage';
import type { StorageMeasurement } from '../result.ts';

/** What the storage host has done for a guest's disk, over all its leases. */
export const storageOf = ({ leases, writersAtOnceMs }: StorageReport): StorageMeasurement => {
  const sum = (of: (lease: LeaseReport) => number): number =>
    leases.reduce((total, lease) => total + of(lease), 0);
  return {
    epochs: leases.length,
    reads: sum(({ reads }) => reads),
    writes: sum(({ writes }) => writes),
    readBytes: sum(({ readBytes }) => readBytes),
    writtenBytes: sum(({ writtenBytes }) => writtenBytes),
    lateWritesRefused: sum(({ lateWritesRefused }) => lateWritesRefused),
    writersAtOnceMs,
  };
};
