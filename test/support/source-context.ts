import { realClock } from '#hosts/clock';
import type { SourceContext, Sync } from '#catalogue/capability';
import type { GuestMemory } from '#hosts/guest/memory';
import { PageSet } from '#hosts/guest/page-set';

/** A migration in which nothing happens. */
export const sourceContext = (memory: GuestMemory): SourceContext => ({
  memory,
  blockCount: memory.pageCount,
  clock: realClock,
  confirmedBytes: () => 0,
  throttle: () => undefined,
  throttledMs: () => 0,
});

/** A sync that found these pages dirty. */
export const syncOf = (dirtied: PageSet = new PageSet(1), change: Partial<Sync> = {}): Sync => ({
  dirtied,
  dirtiedBytes: dirtied.count * 4096,
  transferredBytes: 0,
  nowMs: 0,
  ...change,
});
