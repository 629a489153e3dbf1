import type { SourceContext, Sync } from '../../hosts/capabilities/capability.ts';
import type { GuestMemory } from '../../hosts/guest/memory.ts';
import { PageSet } from '../../hosts/guest/page-set.ts';

/** A migration in which nothing happens. */
export const sourceContext = (memory: GuestMemory): SourceContext => ({
  memory,
  confirmedBytes: () => 0,
  throttle: () => undefined,
  throttledMs: () => 0,
});

/** A sync that found these pages dirty. */
export const syncOf = (dirtied: PageSet = new PageSet(1), change: Partial<Sync> = {}): Sync => ({
  dirtied,
  pageSizeBytes: 4096,
  transferredBytes: 0,
  nowMs: 0,
  ...change,
});
