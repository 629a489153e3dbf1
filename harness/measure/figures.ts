import { hostRoles } from '../../proto/control.ts';
import type { RunResult } from '../result.ts';

/**
 * The table of figures: whatever single number of a run is shown, compared, exported or described is here, once. Terminal,
 * report page, comparison, CSV, the JSON Schema's texts and docs/figures.md follow from it.
 *
 * Units: times in ms (a fault's in µs), sizes and bytes moved in bytes, shown as KiB, MiB and GiB of powers of 1,024; rates in
 * Mb/s of 10^6 bits.
 */
export const units = ['ms', 'µs', 's', 'bytes', 'Mb/s', 'count'] as const;
export type Unit = (typeof units)[number];

/** Who says it. */
export const witnesses = {
  source: "the source's agent",
  destination: "the destination's agent",
  hosts: 'the agents of both hosts, on the clock that they share',
  router: 'the router',
  observer: 'the observer',
  guest: 'the guest and the comparison of its memory',
  calibration: 'the calibration before the run',
  harness: 'the harness',
} as const;
export type Witness = keyof typeof witnesses;

export interface Figure {
  /** Its place in a result; `*` stands for each of several names. Of a derived one: where it would be. */
  id: string;
  /** What it is called on a screen. */
  label: string;
  unit: Unit;
  by: Witness;
  /** What it counts. */
  means: string;
  /** It is compared; which way is better. */
  better?: 'lower' | 'higher';
  /** Worked out of the result, in which it doesn't stand itself. */
  of?: (run: RunResult) => number | null;
}

type Definition = readonly [id: string, label: string, unit: Unit, by: Witness, means: string];

const times: Definition[] = [
  ['totalTimeMs', 'total', 'ms', 'hosts', "From the source's start until the guest runs at the destination with all its pages"],
  ['setupTimeMs', 'set-up', 'ms', 'source', 'From the start until both sides had agreed'],
  ['downtimeMs', 'downtime', 'ms', 'hosts', "From the guest's last instruction at the source to its first at the destination"],
  ['downtimeLimit.limitMs', 'downtime limit', 'ms', 'harness', 'The downtime limit in force when the guest was stopped'],
  ['downtimeLimit.exceededMs', 'exceeded by', 'ms', 'hosts', 'By how much the downtime is longer than its limit; 0 where it was kept'],
  ['downtimeStartMs', 'downtime from', 'ms', 'source', "The guest's last instruction at the source, after the start of the migration"],
  ['downtime.pauseMs', 'pausing', 'ms', 'source', "Before the downtime: from the strategy's request to the guest's last instruction"],
  ['downtime.preSwitchoverMs', 'waiting for continue', 'ms', 'source', 'Part of the downtime: until `livemig continue` (QEMU: pre-switchover); 0 without pause-before-switchover, absent before it had a part of its own'],
  ['downtime.finalPagesMs', 'pages', 'ms', 'source', 'Part of the downtime: until the last page that resuming needs was sent; in post-copy: bitmap sync and discards'],
  ['downtime.deviceStateMs', 'device state', 'ms', 'source', 'Part of the downtime: until the device state was sent'],
  ['downtime.propagationMs', 'propagation', 'ms', 'hosts', 'Part of the downtime: until all of it had arrived at the destination'],
  ['downtime.loadMs', 'load', 'ms', 'destination', 'Part of the downtime: until the device state was loaded'],
  ['downtime.resumeMs', 'resume', 'ms', 'destination', "Part of the downtime: until the guest's first instruction at the destination"],
]; // prettier-ignore

const observed: Definition[] = [
  ['observed.handoverGapMs', 'handover gap', 'ms', 'observer', "From the source's last answer to the destination's first: the downtime, the pausing before it, and the way to the observer and back; the downtime is checked against it. Null where one never answered"],
  ['observed.gapMs', 'longest gap', 'ms', 'observer', 'Longest time without an answer from the guest that touches the migration'],
  ['observed.lostPings', 'lost pings', 'count', 'observer', 'Pings sent during the migration and never answered'],
  ['observed.firstAnswerMs', 'first answer', 'ms', 'observer', "Round trip of the ping that brought the destination's first answer; null where none did"],
  ['observed.routeMovedMs', 'route moved', 'ms', 'router', "When the router moved the guest's route, after its first instruction there; as a rule shortly before. Null: never"],
  ['observed.resolutionMs', 'resolution', 'ms', 'observer', "Longest time between two pings at either end of the handover's gap: the observer's own blindness"],
  ['observed.latency.*.count', 'pings', 'count', 'observer', 'Pings sent'],
  ['observed.latency.*.lost', 'lost', 'count', 'observer', 'Of these, never answered'],
  ['observed.latency.*.p50Ms', 'median latency', 'ms', 'observer', 'Median round trip; null where no ping was answered'],
  ['observed.latency.*.p99Ms', 'p99 latency', 'ms', 'observer', '99th percentile of the round trips; null likewise'],
  ['observed.latency.*.maxMs', 'longest latency', 'ms', 'observer', 'Longest round trip; null likewise'],
]; // prettier-ignore

const moved: Definition[] = [
  ['ram.total', 'RAM', 'bytes', 'source', "The guest's RAM"],
  ['ram.transferred', 'page messages', 'bytes', 'source', 'Page messages handed to gRPC, payload and message headers (QEMU: transferred); no TCP/IP or Ethernet header, no repetition by TCP'],
  ['ram.normal', 'full pages', 'count', 'source', 'Pages sent in full'],
  ['ram.duplicate', 'zero pages', 'count', 'source', 'Zero pages, sent as a header only'],
  ['ram.pageBytes', 'page bytes', 'bytes', 'source', 'What the pages were sent as: whole, or encoded with their numbers. Absent before migration protocol 3'],
  ['ram.precopyBytes', 'pre-copy', 'bytes', 'source', 'Page messages sent while the guest ran at the source'],
  ['ram.downtimeBytes', 'in downtime', 'bytes', 'source', 'Page messages sent while the guest ran nowhere'],
  ['ram.postcopyBytes', 'post-copy', 'bytes', 'source', 'Page messages sent while the guest ran at the destination'],
  ['ram.dirtySyncCount', 'bitmap syncs', 'count', 'source', 'Bitmap syncs'],
  ['ram.postcopyRequests', 'requests', 'count', 'source', 'Demand faults that reached the source'],
  ['deviceStateBytes', 'device state', 'bytes', 'source', 'Device state that was sent'],
  ['paddingBytes', 'padding', 'bytes', 'source', "Sent before the downtime, only to open the link's congestion window"],
  ['pageGoodputMbps', 'page goodput', 'Mb/s', 'source', 'Page messages over the time from agreement to the end'],
  ['wire.sourceToDestinationBytes', 'on the wire', 'bytes', 'router', "All that went from source to destination, with every segment's TCP/IP and Ethernet header and what TCP repeated"],
  ['wire.destinationToSourceBytes', 'back', 'bytes', 'router', 'The same, the other way'],
  ['wire.sourceToDestinationPackets', 'packets', 'count', 'router', 'Segments from source to destination'],
  ['wire.destinationToSourcePackets', 'packets back', 'count', 'router', 'Segments from destination to source'],
  ['wire.droppedPackets', 'packets dropped', 'count', 'router', 'Dropped by the router, both ways: queue overflow and emulated loss'],
  ['wire.observerToDestinationBytes', 'pings on the wire', 'bytes', 'observer', "Of the bytes to the destination: the observer's own pings"],
]; // prettier-ignore

const guest: Definition[] = [
  ['faults.count', 'faults', 'count', 'destination', 'Demand faults'],
  ['faults.minUs', 'min', 'µs', 'destination', 'Shortest demand fault, from fault to wake-up of the vCPU; null where there was none'],
  ['faults.p50Us', 'p50', 'µs', 'destination', 'Median demand fault, of the newest 65,536 of each vCPU; null likewise'],
  ['faults.p99Us', 'p99', 'µs', 'destination', '99th percentile of these; null likewise'],
  ['faults.maxUs', 'max', 'µs', 'destination', 'Longest of these; null likewise'],
  ['faults.lateRequestsDropped', 'late requests', 'count', 'source', 'Requests for pages that were under way already'],
  ['cpu.*.agentS', 'agent CPU', 's', 'hosts', 'CPU seconds of the agent without its vCPU threads'],
  ['cpu.*.guestS', 'guest CPU', 's', 'hosts', 'CPU seconds of its vCPU threads'],
  ['memory.*.rssBytes', 'resident', 'bytes', 'hosts', 'Resident set of the agent after the migration'],
  ['memory.*.touchedBytes', 'touched', 'bytes', 'guest', "The guest's pages that were ever written"],
  ['memory.*.aboveTouchedBytes', 'above touched', 'bytes', 'hosts', 'What the agent itself takes'],
]; // prettier-ignore

const ofTheRun: Definition[] = [
  ['integrity.pagesCompared', 'pages compared', 'count', 'guest', 'Pages of the guest compared with what it last wrote to them'],
  ['integrity.mismatches', 'mismatches', 'count', 'guest', 'Pages that hold something else'],
  ['integrity.staleReads', 'stale reads', 'count', 'guest', 'Reads by the running guest that saw another version than it had last written'],
  ['integrity.duplicateArrivals', 'duplicate arrivals', 'count', 'destination', 'Pages that came in post-copy although they were there already'],
  ['integrity.liveOnBothHostsMs', 'live on both hosts', 'ms', 'hosts', 'Time during which the guest ran on both hosts; null where it never ran at the destination'],
  ['link.calibration.rttMs', 'link', 'ms', 'calibration', 'Median round trip at application level'],
  ['link.calibration.goodputMbps', 'TCP goodput', 'Mb/s', 'calibration', 'TCP payload from source to destination'],
  ['durationMs', 'run took', 'ms', 'harness', 'The whole run with testbed and calibration'],
]; // prettier-ignore

const derived: Figure[] = [
  {
    id: 'measurement.roundCount', label: 'rounds', unit: 'count', by: 'source',
    means: 'Rounds: passes of pre-copy, the single one of stop-and-copy, the push of post-copy',
    of: ({ measurement }) => measurement?.rounds.length ?? null,
  },
  {
    id: 'measurement.ram.encodedPages', label: 'encoded pages', unit: 'count', by: 'source',
    means: 'Pages that travelled encoded, by whatever capability; `ram.encoded` has them by its name',
    of: ({ measurement }) =>
      measurement === null ? null : Object.values(measurement.ram.encoded ?? {}).reduce((sum, pages) => sum + pages, 0),
  },
  {
    id: 'measurement.faults.stalledMs', label: 'stalled', unit: 'ms', by: 'destination',
    means: 'Time that the vCPUs were blocked on missing pages, over all of them',
    of: ({ measurement }) => measurement?.faults.vcpuBlocktimeMs.reduce((sum, ms) => sum + ms, 0) ?? null,
  },
]; // prettier-ignore

/** What two result sets are compared by. */
const better: Readonly<Record<string, Figure['better']>> = {
  totalTimeMs: 'lower',
  downtimeMs: 'lower',
  'ram.transferred': 'lower',
  pageGoodputMbps: 'higher',
  'faults.p50Us': 'lower',
  'faults.p99Us': 'lower',
};

const figureOf = (prefix: string, [id, label, unit, by, means]: Definition): Figure => {
  const direction = better[id];
  const figure = { id: `${prefix}${id}`, label, unit, by, means };
  return direction === undefined ? figure : { ...figure, better: direction };
};

export const figures: readonly Figure[] = [
  ...[...times, ...observed, ...moved, ...guest].map((definition) => figureOf('measurement.', definition)),
  ...derived,
  ...ofTheRun.map((definition) => figureOf('', definition)),
];

const byId: ReadonlyMap<string, Figure> = new Map(figures.map((figure) => [figure.id, figure]));

/** A figure by its place, or by a place that a `*` stands for; undefined where there is none. */
export const findFigure = (id: string): Figure | undefined =>
  byId.get(id) ?? byId.get(id.replace(/^(measurement\.(?:observed\.latency|cpu|memory))\.[a-z]+\./, '$1.*.'));

/** @throws Error where there is none: a slip in the source, which no input can make. */
export const figureAt = (id: string): Figure => {
  const figure = findFigure(id);
  if (figure === undefined) throw new Error(`expected a figure of harness/measure/figures.ts, got ${id}`);
  return figure;
};

/** The places that a `*` stands for. */
const starNames: Readonly<Record<string, readonly string[]>> = {
  'measurement.observed.latency.': ['before', 'during', 'after'],
  'measurement.cpu.': hostRoles,
  'measurement.memory.': ['source', 'destination'],
};

/** Every figure, once for each place: `…cpu.source.agentS`. */
export const figurePlaces: readonly Figure[] = figures.flatMap((figure) => {
  const [before = '', after] = figure.id.split('*');
  return after === undefined
    ? [figure]
    : (starNames[before] ?? []).map((name) => ({ ...figure, id: `${before}${name}${after}` }));
});

/** A run's value of the figure at this place; null where the run has none. */
export const valueAt = (run: RunResult, id: string): number | null => {
  const { of } = figureAt(id);
  if (of !== undefined) return of(run);
  let value: unknown = run;
  for (const key of id.split('.'))
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof value === 'number' ? value : null;
};

/** What the JSON Schema says of it: meaning, unit, witness. */
export const describeFigure = (id: string): string => {
  const { means, unit, by } = figureAt(id);
  const [first = '', ...rest] = means.split('. ');
  const inUnit = unit === 'count' ? first : `${first}, in ${unit}`;
  return `${[inUnit, ...rest].join('. ')}. Said by ${witnesses[by]}`;
};
