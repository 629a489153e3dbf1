/**
 * A disk on the storage host, as one hypervisor uses it. Several requests may be under way at once; the storage does them
 * in any order, so whoever has two for one sector waits for the first.
 */
export interface SharedDisk {
  /**
   * Takes the disk's lease from whoever holds it. Everything below goes by it.
   * @returns the lease's epoch
   */
  acquire(): Promise<number>;
  /** Goes on with a lease that another thread of this hypervisor has acquired. */
  adopt(epoch: number): void;
  /** @throws LivemigError LEASE_LOST where a newer lease has been granted */
  read(firstSector: number, count: number): Promise<Buffer>;
  /** @throws LivemigError LEASE_LOST where a newer lease has been granted: nothing was written */
  write(firstSector: number, data: Uint8Array): Promise<void>;
  /** Resolves once every write that was answered before it is in the file. */
  flush(): Promise<void>;
  /** Gives the lease back. */
  release(): Promise<void>;
  /** By sector, the version that its bytes represent plus one; 0 = they represent none. Needs no lease. */
  versions(firstSector: number, count: number): Promise<Uint32Array>;
  close(): void;
}
