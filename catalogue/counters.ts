/**
 * The agents' counters of a migration. A counter is a line here and the place that counts it. The agent's report, its
 * bounds, the result and its JSON Schema, the table of figures, summary, report page, comparison, export and
 * docs/figures.md are derived.
 */
export interface Counter {
  /** What it counts. */
  help: string;
  /** Of `count`, whole numbers only. */
  unit: 'count' | 'bytes' | 'ms';
  /** The displayed name. */
  label: string;
  /** QEMU's name for it (query-migrate), if any. */
  qemu?: string;
  /** Set if result sets are compared by it: which direction is better. */
  better?: 'lower' | 'higher';
  /** The figure that it is displayed after; without one it is only in the result. */
  beside?: string;
  /** Not displayed if 0. */
  unlessZero?: true;
}

/** The source's: `measurement.ram`, as QEMU calls its own. */
export const sourceCounters = {
  total: { help: "The guest's RAM", unit: 'bytes', label: 'RAM', qemu: 'total' },
  transferred: {
    help: 'Page messages handed to gRPC, payload and message headers; without TCP/IP and Ethernet headers or retransmissions',
    unit: 'bytes',
    label: 'page messages',
    qemu: 'transferred',
    better: 'lower',
  },
  pageBytes: {
    help: 'Bytes of the pages as sent: whole, or encoded with their numbers',
    unit: 'bytes',
    label: 'page bytes',
  },
  precopyBytes: {
    help: 'Page messages sent while the guest ran at the source',
    unit: 'bytes',
    label: 'pre-copy',
    qemu: 'precopy-bytes',
    beside: 'ram.transferred',
  },
  downtimeBytes: {
    help: 'Page messages sent while the guest ran nowhere',
    unit: 'bytes',
    label: 'in downtime',
    qemu: 'downtime-bytes',
    beside: 'ram.transferred',
  },
  postcopyBytes: {
    help: 'Page messages sent while the guest ran at the destination',
    unit: 'bytes',
    label: 'post-copy',
    qemu: 'postcopy-bytes',
    beside: 'ram.transferred',
  },
  normal: {
    help: 'Pages sent in full',
    unit: 'count',
    label: 'full pages',
    qemu: 'normal',
    beside: 'ram.transferred',
  },
  duplicate: {
    help: 'Zero pages, sent as a header only',
    unit: 'count',
    label: 'zero pages',
    qemu: 'duplicate',
    beside: 'ram.transferred',
  },
  paddingBytes: {
    help: "Padding sent before the downtime to open the link's congestion window",
    unit: 'bytes',
    label: 'padding',
  },
  dirtySyncCount: {
    help: 'Bitmap syncs',
    unit: 'count',
    label: 'bitmap syncs',
    qemu: 'dirty-sync-count',
    beside: 'roundCount',
  },
  postcopyRequests: {
    help: 'Demand faults that reached the source',
    unit: 'count',
    label: 'requests',
    qemu: 'postcopy-requests',
  },
  lateRequestsDropped: {
    help: 'Requests for pages already in flight',
    unit: 'count',
    label: 'late requests',
  },
} as const satisfies Readonly<Record<string, Counter>>;

/** The source's, of a guest with a disk: `measurement.disk`. */
export const diskCounters = {
  total: { help: "The guest's disk", unit: 'bytes', label: 'disk', qemu: 'disk.total' },
  transferred: {
    help: 'Messages with blocks of the disk handed to gRPC, payload and message headers',
    unit: 'bytes',
    label: 'disk messages',
    qemu: 'disk.transferred',
    beside: 'ram.transferred',
    unlessZero: true,
  },
  blockBytes: { help: 'Bytes of the blocks as sent', unit: 'bytes', label: 'block bytes' },
  normal: {
    help: 'Blocks of the disk sent in full',
    unit: 'count',
    label: 'full blocks',
    qemu: 'disk.normal',
    beside: 'ram.transferred',
    unlessZero: true,
  },
  duplicate: {
    help: 'Blocks never written, sent as a header only',
    unit: 'count',
    label: 'empty blocks',
    qemu: 'disk.duplicate',
  },
  mirroredWrites: {
    help: 'Writes that the guest waited for until both hosts had them',
    unit: 'count',
    label: 'mirrored writes',
    beside: 'ram.transferred',
    unlessZero: true,
  },
  dirtySyncCount: {
    help: "Syncs of the disk's dirty bitmap",
    unit: 'count',
    label: 'disk bitmap syncs',
    qemu: 'disk.dirty-sync-count',
  },
} as const satisfies Readonly<Record<string, Counter>>;

/** The destination's: `measurement.received`. */
export const destinationCounters = {
  pages: { help: 'Pages and blocks received in full', unit: 'count', label: 'full pages received' },
  zeroPages: { help: 'Zero pages and empty blocks received', unit: 'count', label: 'zero pages received' },
  encodedPages: { help: 'Pages received encoded', unit: 'count', label: 'encoded pages received' },
  discardedPages: {
    help: 'Pages received, but discarded at the switchover because the guest had since written to them',
    unit: 'count',
    label: 'discarded pages',
    better: 'lower',
    beside: 'ram.transferred',
    unlessZero: true,
  },
} as const satisfies Readonly<Record<string, Counter>>;

/** Counters by their names. */
export type CounterTable<Name extends string> = Readonly<Record<Name, Counter>>;
export type SourceCounters = Record<keyof typeof sourceCounters, number>;
export type DiskCounters = Record<keyof typeof diskCounters, number>;
export type DestinationCounters = Record<keyof typeof destinationCounters, number>;

/** Maps every counter of a table. */
export const forEachCounter = <Name extends string, T>(
  table: CounterTable<Name>,
  of: (name: Name, counter: Counter) => T,
): Record<Name, T> =>
  Object.fromEntries(
    (Object.entries(table) as [Name, Counter][]).map(([name, counter]) => [name, of(name, counter)]),
  ) as Record<Name, T>;

/** All of them at 0. */
export const noneCounted = <Name extends string>(table: CounterTable<Name>): Record<Name, number> =>
  forEachCounter(table, () => 0);
