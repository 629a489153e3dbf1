/** Where a guest's disk is, and what becomes of it when the guest moves. */
export interface DiskStorageDefinition {
  readonly help: string;
  /** It travels with the guest, as a region of the migration; else it stays where it is, and both hosts reach it. */
  readonly migrates: boolean;
  /** Why no machine has it, and what to take instead. */
  readonly unsupported?: string;
}

export const diskStorages = {
  block: { help: 'migrates with the memory', migrates: true },
  shared: { help: 'stays on a storage host', migrates: false },
  nfs: {
    help: 'stays on an NFS server, unsupported',
    migrates: false,
    unsupported:
      "livemig looks for no NFS server: the kernel's serves its whole network namespace, and mounts of containers need " +
      'more rights than testbeds have. Take storage=shared, a storage host with leases and fencing',
  },
} as const satisfies Readonly<Record<string, DiskStorageDefinition>>;

export type DiskStorage = keyof typeof diskStorages;
export const diskStorageNames = Object.keys(diskStorages) as [DiskStorage, ...DiskStorage[]];
export const defaultDiskStorage: DiskStorage = 'block';

export const diskStorageOf = ({ storage }: { storage: DiskStorage }): DiskStorageDefinition =>
  diskStorages[storage];

/** Whether a disk travels with its guest. */
export const isMigratingDisk = (disk: { storage: DiskStorage } | undefined): boolean =>
  disk !== undefined && diskStorageOf(disk).migrates;

/** Whether a disk stays where it is: the guest's host must hold its lease. */
export const isSharedDisk = (disk: { storage: DiskStorage } | undefined): boolean =>
  disk !== undefined && !diskStorageOf(disk).migrates;
