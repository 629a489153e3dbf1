import type { GuestMemory } from './memory.ts';

/** Where a vCPU goes when it meets a missing page; returns when the page is here. */
export type BlockUntilPresent = (page: number) => void;

/**
 * Guest RAM as a vCPU sees it. Every read checks the whole page against what this guest last wrote there.
 */
export class GuestView {
  readonly #memory: GuestMemory;
  readonly #block: BlockUntilPresent;
  readonly #onStale: () => void;
  dirtied = 0;

  constructor(memory: GuestMemory, block: BlockUntilPresent, onStale: () => void) {
    this.#memory = memory;
    this.#block = block;
    this.#onStale = onStale;
  }

  /** Reads a page and returns its version. A stale, torn or foreign page counts as a stale read. */
  read(page: number): number {
    const memory = this.#memory;
    if (!memory.isPresent(page)) this.#block(page);
    const known = memory.knownVersion(page);
    const version = memory.readVersion(page);
    if (known === -1) {
      // Its first touch on this host: the ledger tells after the migration whether this was the right version.
      if (version === -1) this.#onStale();
      else memory.noteFirstVersion(page, version);
    } else if (version !== known) this.#onStale();
    return Math.max(version, known, 0);
  }

  /** Reads a page, then overwrites it with its next version. */
  write(page: number): void {
    const version = this.read(page);
    this.#memory.writeVersion(page, version + 1);
    this.#memory.markDirty(page);
    this.dirtied++;
  }
}
