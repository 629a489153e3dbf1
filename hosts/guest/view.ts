/** What is viewed: RAM by pages, or a disk by sectors. */
export interface Viewed {
  isPresent(page: number): boolean;
  knownVersion(page: number): number;
  readVersion(page: number): number;
  noteFirstVersion(page: number, version: number): void;
  writeVersion(page: number, version: number): void;
  markDirty(page: number): void;
  noteStaleRead(): void;
}

/** Where a vCPU goes when it meets a missing page; returns when the page is here. */
export type BlockUntilPresent = (page: number) => void;

/**
 * Guest RAM as a vCPU sees it, or a disk as its driver does. Every read checks the whole page, or sector, against what this
 * guest last wrote there.
 */
export class GuestView {
  readonly #memory: Viewed;
  readonly #block: BlockUntilPresent;
  dirtied = 0;

  constructor(memory: Viewed, block: BlockUntilPresent) {
    this.#memory = memory;
    this.#block = block;
  }

  /** Reads a page and returns its version. A stale, torn or foreign page counts as a stale read. */
  read(page: number): number {
    const memory = this.#memory;
    if (!memory.isPresent(page)) this.#block(page);
    const known = memory.knownVersion(page);
    const version = memory.readVersion(page);
    if (known === -1) {
      // Its first touch on this host: after the migration the ledger shows whether this was the right version.
      if (version === -1) memory.noteStaleRead();
      else memory.noteFirstVersion(page, version);
    } else if (version !== known) memory.noteStaleRead();
    return Math.max(version, known, 0);
  }

  /** Reads a page, then overwrites it with its next version, which it returns. */
  write(page: number): number {
    const version = this.read(page) + 1;
    this.#memory.writeVersion(page, version);
    this.#memory.markDirty(page);
    this.dirtied++;
    return version;
  }
}
