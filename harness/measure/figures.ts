import type { CounterTable } from '#catalogue/counters';
import { destinationCounters, diskCounters, sourceCounters } from '#catalogue/counters';
import { hostRoles } from '#proto/control';
import { trafficFlowsMax } from '#proto/traffic';

/**
 * The table of figures: whatever single number of a run is shown, compared, exported or described is here, once.
 * Terminal,
 * report page, comparison, CSV, the JSON Schema's texts and docs/figures.md follow from it.
 *
 * Units: times in ms (a fault's in µs), sizes and bytes moved in bytes, shown as KiB, MiB and GiB of powers of 1,024;
 * rates in
 * Mb/s of 10^6 bits.
 */
export const units = ['ms', 'µs', 's', 'bytes', 'Mb/s', 'count', 'share'] as const;
export type Unit = (typeof units)[number];

/** Who measures it. */
export const witnesses = {
  source: "the source's agent",
  destination: "the destination's agent",
  hosts: 'both agents, on their shared clock',
  router: 'the router',
  observer: 'the observer',
  storage: 'the storage host',
  guest: 'the guest and the page comparison',
  calibration: 'the calibration before the run',
  harness: 'the harness',
} as const;
export type Witness = keyof typeof witnesses;

/** The part of `RunResult` that derived figures need. */
export interface Measured {
  measurement: {
    rounds: readonly unknown[];
    encodedPages: Readonly<Record<string, number>>;
    faults: { vcpuBlocktimeMs: readonly number[] };
  } | null;
}

export interface Figure {
  /** Path in the result; `*` stands for each of several names. A derived figure has the path it would have. */
  id: string;
  /** The displayed name. */
  label: string;
  unit: Unit;
  by: Witness;
  /** What it counts. */
  means: string;
  /** Set if result sets are compared by it: which direction is better. */
  better?: 'lower' | 'higher';
  /** The figure that it is displayed after. */
  beside?: string;
  /** Not displayed if 0. */
  unlessZero?: true;
  /** Derives it from the result, which doesn't contain it. */
  of?: (run: Measured) => number | null;
}

type Definition = readonly [id: string, label: string, unit: Unit, by: Witness, means: string];

const times: Definition[] = [
  ['totalTimeMs', 'total', 'ms', 'hosts', "From the source's start until the guest runs at the destination with all its pages"],
  ['setupTimeMs', 'set-up', 'ms', 'source', 'From the start until the handshake was complete'],
  ['downtimeMs', 'downtime', 'ms', 'hosts', "From the guest's last instruction at the source to its first at the destination"],
  ['downtimeLimit.limitMs', 'downtime limit', 'ms', 'harness', 'The downtime limit in force when the guest was stopped'],
  ['downtimeLimit.exceededMs', 'exceeded by', 'ms', 'hosts', 'How far the downtime exceeds its limit; 0 if it was kept'],
  ['downtimeStartMs', 'downtime from', 'ms', 'source', "The guest's last instruction at the source, after the start of the migration"],
  ['downtime.pauseMs', 'pausing', 'ms', 'source', "Before the downtime: from the strategy's request to the guest's last instruction"],
  ['downtime.drainMs', 'draining the disk', 'ms', 'source', "Part of the downtime of a guest with a disk: until its requests in flight were done (QEMU: bdrv_drain_all)"],
  ['downtime.leaseMs', 'lease of the disk', 'ms', 'hosts', "Part of the downtime of a guest with a shared disk: until its lease was given back at the source, and until the destination had it (QEMU: bdrv_inactivate_all, bdrv_activate_all)"],
  ['downtime.preSwitchoverMs', 'waiting for continue', 'ms', 'source', 'Part of the downtime: until `livemig continue` (QEMU: pre-switchover); 0 without pause-before-switchover'],
  ['downtime.finalPagesMs', 'pages', 'ms', 'source', 'Part of the downtime: until the last page needed to resume was sent; in post-copy: bitmap sync and discards'],
  ['downtime.deviceStateMs', 'device state', 'ms', 'source', 'Part of the downtime: until the device state was sent'],
  ['downtime.propagationMs', 'propagation', 'ms', 'hosts', 'Part of the downtime: until everything had arrived at the destination'],
  ['downtime.loadMs', 'load', 'ms', 'destination', 'Part of the downtime: until the device state was loaded'],
  ['downtime.resumeMs', 'resume', 'ms', 'destination', "Part of the downtime: until the guest's first instruction at the destination"],
]; // prettier-ignore

const observed: Definition[] = [
  ['observed.handoverGapMs', 'handover gap', 'ms', 'observer', "From the source's last answer to the destination's first: downtime, pausing, and the round trip to the observer; the downtime is checked against it. Null if one never answered"],
  ['observed.gapMs', 'longest gap', 'ms', 'observer', 'Longest time without an answer from the guest that overlaps the migration'],
  ['observed.lostPings', 'lost pings', 'count', 'observer', 'Pings sent during the migration and never answered'],
  ['observed.firstAnswerMs', 'first answer', 'ms', 'observer', "Round trip of the ping that brought the destination's first answer; null if none did"],
  ['observed.routeMovedMs', 'route moved', 'ms', 'router', "When the router moved the guest's route, relative to its first instruction there; usually shortly before. Null: never"],
  ['observed.resolutionMs', 'resolution', 'ms', 'observer', "Longest time between two pings at either end of the handover gap: the observer's own blindness"],
  ['observed.latency.*.count', 'pings', 'count', 'observer', 'Pings sent'],
  ['observed.latency.*.lost', 'lost', 'count', 'observer', 'Pings never answered'],
  ['observed.latency.*.p50Ms', 'median latency', 'ms', 'observer', 'Median round trip; null if no ping was answered'],
  ['observed.latency.*.p99Ms', 'p99 latency', 'ms', 'observer', '99th percentile of the round trips; null if no ping was answered'],
  ['observed.latency.*.maxMs', 'longest latency', 'ms', 'observer', 'Longest round trip; null if no ping was answered'],
]; // prettier-ignore

const moved: Definition[] = [
  ['deviceStateBytes', 'device state', 'bytes', 'source', 'Device state sent'],
  ['pageGoodputMbps', 'page goodput', 'Mb/s', 'source', 'Page messages divided by the time from handshake to end'],
  ['wire.sourceToDestinationBytes', 'on the wire', 'bytes', 'router', "All bytes from source to destination, including TCP/IP and Ethernet headers and retransmissions"],
  ['wire.destinationToSourceBytes', 'back', 'bytes', 'router', 'All bytes from destination to source, likewise'],
  ['wire.sourceToDestinationPackets', 'packets', 'count', 'router', 'Segments from source to destination'],
  ['wire.destinationToSourcePackets', 'packets back', 'count', 'router', 'Segments from destination to source'],
  ['wire.droppedPackets', 'packets dropped', 'count', 'router', 'Dropped by the router in both directions: queue overflow and emulated loss'],
  ['wire.observerToDestinationBytes', 'pings on the wire', 'bytes', 'observer', "The observer's own pings, part of the bytes to the destination"],
  ['wire.trafficToDestinationBytes', 'traffic on the wire', 'bytes', 'router', "What passed beside the migration to the destination: traffic, requests to a service, and a shared disk's; not part of the bytes above"],
  ['wire.trafficToSourceBytes', 'traffic back', 'bytes', 'router', 'Likewise to the source'],
  ['traffic.*.offeredMbps', 'traffic offered', 'Mb/s', 'harness', "Rate of a flow beside the migration, as asked for; counted like the link's rate"],
  ['traffic.*.beforeMbps', 'before', 'Mb/s', 'hosts', 'What arrived of it before the migration, in the direction in which less did; has to be what was offered, within 3 %'],
  ['traffic.*.duringMbps', 'during', 'Mb/s', 'hosts', 'What arrived of it during the migration; null if that was shorter than 20 ms'],
  ['traffic.*.afterMbps', 'after', 'Mb/s', 'hosts', 'What arrived of it in the half second after the migration'],
  ['traffic.*.before.rttP50Ms', 'median round trip before', 'ms', 'hosts', 'Median round trip of a ping flow before the migration; null of other kinds'],
  ['traffic.*.before.rttP99Ms', 'p99 round trip before', 'ms', 'hosts', '99th percentile of these'],
  ['traffic.*.during.rttP50Ms', 'median round trip during', 'ms', 'hosts', 'Median round trip of a ping flow during the migration; null of other kinds'],
  ['traffic.*.during.rttP99Ms', 'p99 round trip during', 'ms', 'hosts', '99th percentile of these'],
]; // prettier-ignore

/** Of a guest whose disk is on the storage host, as that guest meets it. */
const diskIo: Definition[] = [
  ['disk.io.*.count', 'requests', 'count', 'guest', 'Requests of the guest to its shared disk that were answered: at the source before it was paused, those that its pause found under way, and at the destination'],
  ['disk.io.*.p50Ms', 'median latency', 'ms', 'guest', 'Median of their latencies, within 3 %; null if there were none'],
  ['disk.io.*.p99Ms', 'p99 latency', 'ms', 'guest', '99th percentile of these, likewise'],
  ['disk.io.*.maxMs', 'longest latency', 'ms', 'guest', 'Longest of these'],
]; // prettier-ignore

/** Of a guest whose disk is on the storage host: from its first lease to the comparison. */
const storage: Definition[] = [
  ['storage.epochs', 'disk leases', 'count', 'storage', "Leases that the storage host has granted of the guest's disk: one at boot, one at each switchover or its failure"],
  ['storage.reads', 'disk reads', 'count', 'storage', 'Reads that it has done'],
  ['storage.writes', 'disk writes', 'count', 'storage', 'Writes that it has done'],
  ['storage.readBytes', 'read', 'bytes', 'storage', 'What these reads carried'],
  ['storage.writtenBytes', 'written', 'bytes', 'storage', 'What these writes carried'],
  ['storage.lateWritesRefused', 'late writes refused', 'count', 'storage', "Writes that it has refused, as their lease was not the disk's any more"],
  ['storage.writersAtOnceMs', 'writers at once', 'ms', 'storage', 'How long it did writes of an older lease after it had granted a newer one; 0 with fencing'],
]; // prettier-ignore

/** Of a service in the guest. @param of a span: `service.during` */
const serviceFigures = (of: string): Definition[] => [
  [`${of}.durationMs`, 'for', 'ms', 'observer', 'Length of the span: the migration, or a phase of it'],
  [`${of}.requests`, 'requests', 'count', 'observer', 'Requests to the service that were due in this span'],
  [`${of}.requestsPerSecond`, 'requests/s', 'count', 'observer', 'These, per second'],
  [`${of}.repliesPerSecond`, 'replies/s', 'count', 'observer', 'Good answers that arrived in this span, per second'],
  [`${of}.kilobytesPerSecond`, 'kB/s', 'count', 'observer', 'Payload of these in kB of 1,000 bytes, per second'],
  [`${of}.p50Ms`, 'p50', 'ms', 'observer', 'Median latency of requests that were due in this span and answered well, from the instant they were due; null if there were none'],
  [`${of}.p90Ms`, 'p90', 'ms', 'observer', '90th percentile of these'],
  [`${of}.p95Ms`, 'p95', 'ms', 'observer', '95th percentile of these'],
  [`${of}.p99Ms`, 'p99', 'ms', 'observer', '99th percentile of these'],
  [`${of}.maxMs`, 'max', 'ms', 'observer', 'Longest of these'],
  [`${of}.errors`, 'errors', 'count', 'observer', 'Requests that were due in this span and not answered well'],
  [`${of}.timeouts`, 'timeouts', 'count', 'observer', 'Of these, not answered within the time limit'],
  [`${of}.refused`, 'refused', 'count', 'observer', 'Of these, refused, as the backlog was full'],
  [`${of}.stale`, 'stale', 'count', 'observer', 'Of these, answered from pages older than an earlier answer had told'],
  [`${of}.otherErrors`, 'other errors', 'count', 'observer', 'Of these, not sent, or answered with nonsense'],
]; // prettier-ignore

const service: Definition[] = [
  ['service.rate', 'load', 'count', 'harness', 'Requests per second as asked for'],
  ['service.lateP99Ms', 'generator late', 'ms', 'observer', '99th percentile of how much later than due requests were sent; above 1 ms, the run is invalid'],
  ...serviceFigures('service.during'),
  ...serviceFigures('service.phases.*'),
]; // prettier-ignore

const guest: Definition[] = [
  ['faults.count', 'faults', 'count', 'destination', 'Demand faults'],
  ['faults.minUs', 'min', 'µs', 'destination', 'Shortest demand fault, from fault to wake-up of the vCPU; null if there was none'],
  ['faults.p50Us', 'p50', 'µs', 'destination', 'Median of the newest 65,536 demand faults of each vCPU; null if there was none'],
  ['faults.p99Us', 'p99', 'µs', 'destination', '99th percentile of these; null if there was none'],
  ['faults.maxUs', 'max', 'µs', 'destination', 'Longest of these; null if there was none'],
  ['cpu.*.agentS', 'agent CPU', 's', 'hosts', 'CPU seconds of the agent without its vCPU threads'],
  ['cpu.*.guestS', 'guest CPU', 's', 'hosts', 'CPU seconds of its vCPU threads'],
  ['cpu.*.machineBusyShare', 'machine busy', 'share', 'hosts', "CPU time of the host's machine that was not idle during the migration: everything on it, its kernel and stolen time included; at 1, the machine is the limit"],
  ['hostLoad.*.share', 'load wanted', 'share', 'harness', "Load on the host, of its quota of CPU time, as asked for; 0 without one"],
  ['hostLoad.*.achieved', 'load', 'share', 'hosts', "What the control group's processes beside the agent had of the quota over the warm-up, by its statistics; has to be what was asked for, within 0.05"],
  ['hostLoad.*.agentCores', "agent's share of a core", 'share', 'hosts', "CPU time of the agent with the guest's vCPUs during the migration, of one core's"],
  ['hostLoad.*.throttledMs', 'throttled', 'ms', 'hosts', "How long the host's control group was held back by its quota during the migration, summed over CPUs"],
  ['memory.*.rssBytes', 'resident', 'bytes', 'hosts', 'Resident set of the agent after the migration'],
  ['memory.*.touchedBytes', 'touched', 'bytes', 'guest', 'Guest pages ever written'],
  ['memory.*.aboveTouchedBytes', 'above touched', 'bytes', 'hosts', "The agent's own memory"],
]; // prettier-ignore

const ofTheRun: Definition[] = [
  ['integrity.pagesCompared', 'pages compared', 'count', 'guest', 'Pages of the guest compared with what it last wrote to them'],
  ['integrity.mismatches', 'mismatches', 'count', 'guest', 'Pages whose content differs'],
  ['integrity.staleReads', 'stale reads', 'count', 'guest', 'Reads by the running guest that saw an older version than it had written'],
  ['integrity.disk.sectorsCompared', 'sectors compared', 'count', 'guest', "Sectors of the guest's disk compared with what it last wrote to them"],
  ['integrity.disk.mismatches', 'disk mismatches', 'count', 'guest', 'Sectors whose content differs'],
  ['integrity.disk.staleReads', 'stale disk reads', 'count', 'guest', 'Reads of the disk by the running guest that saw an older version than it had written'],
  ['integrity.disk.ioErrors', 'I/O errors', 'count', 'guest', 'Requests to a shared disk that failed, on both hosts: its lease was lost, or the connection; what was not acknowledged is no loss'],
  ['integrity.disk.writersAtOnceMs', 'writers at once', 'ms', 'hosts', 'How long the source wrote to a shared disk after the destination had begun to, by acknowledged writes'],
  ['integrity.duplicateArrivals', 'duplicate arrivals', 'count', 'destination', 'Pages that arrived in post-copy although the destination already had them'],
  ['integrity.liveOnBothHostsMs', 'live on both hosts', 'ms', 'hosts', 'Time during which the guest ran on both hosts; null if it never ran at the destination'],
  ['link.calibration.rttMs', 'link', 'ms', 'calibration', 'Median round trip at application level'],
  ['link.calibration.goodputMbps', 'TCP goodput', 'Mb/s', 'calibration', 'TCP payload from source to destination'],
  ['durationMs', 'run took', 'ms', 'harness', 'The whole run, including testbed and calibration'],
]; // prettier-ignore

const derived: Figure[] = [
  {
    id: 'measurement.roundCount', label: 'rounds', unit: 'count', by: 'source',
    means: 'Rounds: passes of pre-copy, the single pass of stop-and-copy, the push of post-copy',
    of: ({ measurement }) => measurement?.rounds.length ?? null,
  },
  {
    id: 'measurement.encodedPageCount', label: 'encoded pages', unit: 'count', by: 'source',
    means: 'Pages sent encoded, by any capability; `encodedPages` has them by capability',
    of: ({ measurement }) =>
      measurement === null ? null : Object.values(measurement.encodedPages).reduce((sum, pages) => sum + pages, 0),
  },
  {
    id: 'measurement.faults.stalledMs', label: 'stalled', unit: 'ms', by: 'destination',
    means: 'Time that vCPUs were blocked on missing pages, summed over vCPUs',
    of: ({ measurement }) => measurement?.faults.vcpuBlocktimeMs.reduce((sum, ms) => sum + ms, 0) ?? null,
  },
]; // prettier-ignore

/** The figures by which result sets are compared. */
const better: Readonly<Record<string, Figure['better']>> = {
  totalTimeMs: 'lower',
  downtimeMs: 'lower',
  pageGoodputMbps: 'higher',
  'traffic.*.duringMbps': 'higher',
  'disk.io.*.p99Ms': 'lower',
  'faults.p50Us': 'lower',
  'faults.p99Us': 'lower',
  'service.during.p95Ms': 'lower',
  'service.during.errors': 'lower',
  'service.during.repliesPerSecond': 'higher',
};

const figureOf = (prefix: string, [id, label, unit, by, means]: Definition): Figure => {
  const direction = better[id];
  const figure = { id: `${prefix}${id}`, label, unit, by, means };
  return direction === undefined ? figure : { ...figure, better: direction };
};

/** The agents' counters (catalogue/counters.ts). @param section of the measurement that has them */
const countedBy = (by: Witness, section: string, table: CounterTable<string>): Figure[] =>
  Object.entries(table).map(([name, { help, qemu, beside, ...shown }]) => ({
    id: `measurement.${section}.${name}`,
    by,
    means: qemu === undefined ? help : `${help} (QEMU: ${qemu})`,
    ...shown,
    ...(beside === undefined ? {} : { beside: `measurement.${beside}` }),
  }));

export const figures: readonly Figure[] = [
  ...[...times, ...observed].map((definition) => figureOf('measurement.', definition)),
  ...countedBy('source', 'ram', sourceCounters),
  ...countedBy('source', 'disk', diskCounters),
  ...countedBy('destination', 'received', destinationCounters),
  ...[...diskIo, ...moved, ...storage, ...service, ...guest].map((definition) =>
    figureOf('measurement.', definition),
  ),
  ...derived,
  ...ofTheRun.map((definition) => figureOf('', definition)),
];

const byId: ReadonlyMap<string, Figure> = new Map(figures.map((figure) => [figure.id, figure]));

/** A figure by its path, with a `*` or one of its names; undefined if there is none. */
export const findFigure = (id: string): Figure | undefined =>
  byId.get(id) ??
  byId.get(
    id.replace(
      /^(measurement\.(?:observed\.latency|disk\.io|cpu|hostLoad|memory|traffic|service\.phases))\.(?:[a-z]+|\d)\./,
      '$1.*.',
    ),
  );

/** @throws Error if there is none: a bug, which no input can cause. */
export const figureAt = (id: string): Figure => {
  const figure = findFigure(id);
  if (figure === undefined) throw new Error(`expected a figure of harness/measure/figures.ts, got ${id}`);
  return figure;
};

/** The names that a `*` stands for. */
const starNames: Readonly<Record<string, readonly string[]>> = {
  'measurement.observed.latency.': ['before', 'during', 'after'],
  'measurement.disk.io.': ['before', 'during', 'after'],
  'measurement.cpu.': hostRoles,
  'measurement.traffic.': Array.from({ length: trafficFlowsMax }, (_, nth) => String(nth)),
  'measurement.hostLoad.': ['source', 'destination'],
  'measurement.memory.': ['source', 'destination'],
  'measurement.service.phases.': ['before', 'rounds', 'downtime', 'postcopy', 'after'],
};

/** Every figure, once for each path: `…cpu.source.agentS`. */
export const figurePlaces: readonly Figure[] = figures.flatMap((figure) => {
  const [before = '', after] = figure.id.split('*');
  return after === undefined
    ? [figure]
    : (starNames[before] ?? []).map((name) => ({ ...figure, id: `${before}${name}${after}` }));
});

/** A run's value of the figure at this path; null if the run has none. */
export const valueAt = (run: Measured, id: string): number | null => {
  const { of } = figureAt(id);
  if (of !== undefined) return of(run);
  let value: unknown = run;
  for (const key of id.split('.'))
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof value === 'number' ? value : null;
};

/** Its description in the JSON Schema: meaning, unit, witness. */
export const describeFigure = (id: string): string => {
  const { means, unit, by } = figureAt(id);
  const [first = '', ...rest] = means.split('. ');
  const inUnit = unit === 'count' || unit === 'share' ? first : `${first}, in ${unit}`;
  return `${[inUnit, ...rest].join('. ')}. Measured by ${witnesses[by]}`;
};
