import type { Capabilities } from './capabilities.ts';
import type { AgentEvent } from './events.ts';
import type { ErrorDocument } from './errors.ts';
import type { GuestConfig, GuestSample } from './guest.ts';
import type { Burners } from './host-load.ts';
import type { LinkTimeouts } from './link-timeouts.ts';
import type { AppliedLink, BackendName, LinkCounters, LinkProfile } from './link.ts';
import type { DestinationCounters, DiskCounters, SourceCounters } from '#catalogue/counters';
import type { AdjustableLimits, Limits } from '#catalogue/limits';
import type { MigrationStatus, TransferConfig, TransferSizes } from './strategy.ts';
import type { LoadOrder } from './service.ts';
import type { SharedDiskConfig, StorageAddress, StorageReport } from './storage.ts';
import type { TlsCredentials } from './tls.ts';
import type { TrafficEnd } from './traffic.ts';

/**
 * The management plane's methods: argument and result of each. Their shapes on the wire are in control.proto. Which
 * role answers which:
 * all: `hello`, `configureNetwork`, `cpu`; source and destination: `probe*`, `*Guest`, …; wan: `*Link`, `routeGuest`;
 * observer: `*Pings`; storage: `*Disk`, `storageReport`.
 */
export interface ControlMethods {
  hello: [Record<string, never>, AgentInfo];
  configureNetwork: [NetworkConfig, NetworkState];

  /** Start answering probes: UDP echo and a TCP sink. Idempotent. */
  probeServe: [{ address: string }, { udpPort: number; tcpPort: number }];
  /**
   * Application-level round trips over the data network; replies later than `patienceMs` after the last probe count as
   * lost. Ends once `enough` (default: all) are back.
   */
  probeRtt: [
    {
      address: string;
      port: number;
      count: number;
      intervalMs: number;
      patienceMs: number;
      enough?: number;
    },
    RttProbeResult,
  ];
  /** Plain TCP over the data network, from this host to the other's sink, which reports within `patienceMs`. */
  probeThroughput: [
    { address: string; port: number; rampMs: number; measureMs: number; patienceMs: number },
    ThroughputProbeResult,
  ];

  /**
   * Allocate and fill the guest's memory, start its vCPUs (paused on the destination). `storage` is where its disk is, if
   * that isn't on this host.
   */
  bootGuest: [{ guest: GuestConfig; address: string; storage?: StorageAddress }, GuestInfo];
  /** Let the vCPUs run (source only; the destination's start with the migration). */
  startGuest: [Record<string, never>, GuestSample];
  /** Stop the vCPUs, so that memory can be compared. */
  stopGuest: [Record<string, never>, GuestSample];

  /**
   * Record which pages the guest dirties, until it is stopped or has left this host. Returns how long ago it was first
   * started.
   */
  startDirtyLog: [{ intervalMs: number }, { sinceStartMs: number }];
  /** The answer's blob holds every interval: `decodeDirtyIntervals` of dirty-history.ts. `full`: it ended early. Without a log, none. */
  stopDirtyLog: [Record<string, never>, { intervals: number; full: boolean }];

  /**
   * Source: serve the migration on `address`, run the strategy, report. Resolves when it has ended, successfully or
   * not.
   */
  migrate: [MigrateArguments, SourceReport];
  /** Source: change the limits of the running migration (QEMU's migrate-set-parameters). */
  migrateSetParameters: [Partial<AdjustableLimits>, { status: MigrationStatus }];
  /** Source: other windows and message sizes from now on, as the migration's link has changed. */
  migrateSetTransfer: [TransferSizes, { status: MigrationStatus }];
  /** Source: cancel the migration; the guest keeps running there. Rejected once it may run at the destination. */
  migrateCancel: [Record<string, never>, { status: MigrationStatus }];
  /** Source: continue from `pre-switchover` (capability pause-before-switchover). */
  migrateContinue: [Record<string, never>, { status: MigrationStatus }];
  /**
   * Source: end pre-copy, resume the guest at the destination, and send the rest after it (QEMU's migrate-start-postcopy).
   * Rejected unless the guest still runs here and the strategy can.
   */
  migrateStartPostcopy: [Record<string, never>, { status: MigrationStatus }];
  /** Source: end pre-copy, stop the guest, and complete, whatever the downtime. Rejected likewise. */
  migrateForceSwitchover: [Record<string, never>, { status: MigrationStatus }];
  /** Source: how far the newest migration is (QEMU's query-migrate). */
  queryMigrate: [Record<string, never>, MigrationInfo];
  /** Destination: connect to the source over the shaped network and take the guest. Resolves like `migrate`. */
  migrateIncoming: [
    {
      address: string;
      port: number;
      migrationId: string;
      announceAddress: string;
      announcePort: number;
      /** With capability tls. */
      tls?: TlsCredentials;
      /** Default: those of a link without delay. */
      timeouts?: LinkTimeouts;
    },
    DestinationReport,
  ];
  /** Source: the version that the guest last wrote to each page, then to each sector of its disk; the answer's blob is a Uint32Array. */
  ledger: [
    Record<string, never>,
    {
      pages: number;
      /** Of a guest whose disk stays on the storage host. */
      diskIo?: DiskIoReport;
    },
  ];
  /** Where the guest ended up: compare every page and sector with the ledger in the request's blob. */
  verify: [Record<string, never>, VerifyReport];

  /** Source and destination: one end of a flow of traffic, until it is stopped. Resolves once it can take the other's. */
  startTraffic: [TrafficEnd, Record<string, never>];
  /** The answer's blob holds what that end has seen: `decodeTrafficSamples` of traffic.ts. */
  stopTraffic: [{ port: number }, { bytes: number }];

  /** Source and destination: keep CPUs busy beside the agent, until `stopBurners`. */
  startBurners: [Burners, Record<string, never>];
  /** Fails if one of them had ended by itself. */
  stopBurners: [Record<string, never>, Record<string, never>];

  probeBackends: [Record<string, never>, BackendSupport[]];
  /**
   * Shape both directions. `delayCorrectionMs` (≥ 0), the backend's own overhead, is subtracted from each direction's
   * delay. `seed` is of what the router draws itself.
   */
  applyLink: [ApplyLinkArguments, AppliedLink];
  /** Router: cut the link between the two addresses for this time in ms. Resolves when the link is restored. */
  cutLink: [{ between: readonly [string, string]; durationMs: number }, Record<string, never>];
  /** Router: end a cut early; nothing where there is none. Resolves when the link is restored. */
  restoreLink: [Record<string, never>, Record<string, never>];
  linkCounters: [Record<string, never>, LinkCounters];
  /** Router: from now on, count what belongs to these flows apart as well, in both directions. Without flows, no more. */
  countTraffic: [{ flows: TrafficFlow[] }, Record<string, never>];
  /** What has passed of them since, behind the queues, as the link's counters count, and these. */
  trafficCounters: [Record<string, never>, TrafficCounters];
  /** Sample the counters' bytes at intervals from now on; samples never collected are dropped. */
  startLinkSamples: [{ intervalMs: number }, Record<string, never>];
  /** The answer's blob holds every sample: `decodeLinkSamples` of link-samples.ts. */
  stopLinkSamples: [Record<string, never>, { count: number }];
  /** Route this guest's address to the source; from then on its announcements move it. Returns where to announce. */
  routeGuest: [
    { guestAddress: string; source: string; destination: string; announceAddress: string },
    { port: number },
  ];
  /** When the router moved this guest's route, on CLOCK_MONOTONIC; null if not yet. */
  guestRouteMoved: [Record<string, never>, { atMs: number | null }];

  startPings: [{ guestAddress: string; port: number; intervalMs: number }, Record<string, never>];
  /** The answer's blob holds every sample: `decodePingSamples` of pings.ts. */
  stopPings: [{ settleMs: number }, ObserverReport];
  /** Observer: send requests to the guest's service on a schedule, from now on. */
  startLoad: [LoadOrder, Record<string, never>];
  /**
   * Send no more; resolves when all are answered or have timed out. The answer's blob holds what became of each:
   * `decodeLoadSamples` of service.ts. `full` = they were more than are kept, and the last weren't sent.
   */
  stopLoad: [Record<string, never>, { full: boolean }];

  /** Storage: make a disk for a guest, filled, and serve it on `address`. Returns the port there. */
  createDisk: [SharedDiskConfig & { address: string }, { port: number }];
  /** Storage: whoever still uses it is refused from now on. */
  dropDisk: [{ diskId: string }, Record<string, never>];
  storageReport: [{ diskId: string }, StorageReport];

  cpu: [Record<string, never>, CpuUsage];
}

export type ControlMethod = keyof ControlMethods;
export type ArgumentOf<M extends ControlMethod> = ControlMethods[M][0];
export type ResultOf<M extends ControlMethod> = ControlMethods[M][1];

/** The host, guest and migration meant; by default whoever is asked, its only guest and its newest migration. */
export interface Whom {
  hostId?: string;
  guestId?: string;
  migrationId?: string;
}

/** A handler's argument and result; `blob` carries bulk binary data beside the message. */
export type ControlHandlers = {
  [M in ControlMethod]?: (
    argument: ArgumentOf<M>,
    blob: Buffer | undefined,
    whom?: Whom,
  ) => Promise<ResultOf<M> | { result: ResultOf<M>; blob: Buffer }>;
};

/** The hosts that every testbed has. */
export type HostRole = 'source' | 'destination' | 'wan' | 'observer';
export const hostRoles: readonly HostRole[] = ['source', 'destination', 'wan', 'observer'];
/** Hosts that a testbed has where a run needs them. */
export type ExtraRole = 'storage';
export const extraRoles: readonly ExtraRole[] = ['storage'];
/** What an agent may be. */
export type AgentRole = HostRole | ExtraRole;
export const agentRoles: readonly AgentRole[] = [...hostRoles, ...extraRoles];

/** The guest NIC answers the observer's pings on this UDP port of the guest's address. */
export const guestPingPort = 7001;
/** Where a guest that is a service takes requests. */
export const guestServicePort = 7003;
/** Where the source serves the migration. */
export const migrationPort = 7002;

export interface AgentInfo {
  role: AgentRole;
  pid: number;
  nodeVersion: string;
  kernel: string;
}

export interface NetworkConfig {
  /** This host's own address on the shaped network. */
  address: string;
  gateway: string;
  /** Hosts reached through the gateway: the other site and, on the observer, the guest. */
  reach: string[];
  /** Those of them behind a link with an MTU of its own, and that. */
  narrow?: { to: string[]; mtuBytes: number };
  /** TCP congestion control of these routes, e.g. `cubic`. */
  congestionControl: string;
  /** The guest's own address, to be assigned to this host's loopback; null on hosts without a guest. */
  guestAddress: string | null;
}

/** Packets of one flow, by protocol and port at either end; what a frame's headers take, and what it carries at most. */
export interface TrafficFlow {
  protocol: 'tcp' | 'udp';
  port: number;
  headerBytes: number;
  payloadBytes: number;
}

/** All bytes of the link since it was set up, and those of the flows since they are counted, read together. */
export interface TrafficCounters {
  toDestinationBytes: number;
  toSourceBytes: number;
  trafficToDestinationBytes: number;
  trafficToSourceBytes: number;
}

/** Read back from the kernel and stored with the result. */
export interface NetworkState {
  routes: string[];
  congestionControl: string;
  tcpRmem: string;
  tcpWmem: string;
}

/** Probes of the round trip, sent one after another. */
export interface RttProbeResult {
  /** Those that came back, each counted once. */
  samples: number;
  lost: number;
  /** Times that one was lost, and the one before it, if any, wasn't. */
  lossBursts: number;
  /** Answers beyond each probe's first. */
  duplicates: number;
  /** Probes that came back before the one that was sent before them. */
  overtakes: number;
  minMs: number;
  p10Ms: number;
  medianMs: number;
  p90Ms: number;
  maxMs: number;
}

export interface ThroughputProbeResult {
  /** Payload megabits per second that reached the sink after the ramp. */
  goodputMbps: number;
  bytes: number;
  measuredMs: number;
}

export interface GuestInfo {
  pageCount: number;
  nonZeroPages: number;
  bootMs: number;
}

export interface MigrateArguments {
  migrationId: string;
  /** Listen here, on the shaped network. */
  address: string;
  port: number;
  /** A name, or the path of a file that exports one. */
  strategy: string;
  /** The file's text, if the strategy is a file. */
  strategyText?: string;
  /** With capability tls. */
  tls?: TlsCredentials;
  limits: Limits;
  transfer: TransferConfig;
  /** Default: those of a link without delay. */
  timeouts?: LinkTimeouts;
  capabilities: Capabilities;
}

/**
 * How far a migration is, under the names of QEMU's query-migrate, as its source knows it. Null = it doesn't know, or not
 * yet.
 */
export interface MigrationInfo {
  status: MigrationStatus;
  /** Since the order to migrate, in ms; of one that has ended: altogether. */
  totalTimeMs: number | null;
  /** From the order until the handshake was complete, in ms. */
  setupTimeMs: number | null;
  /**
   * How long the guest has been standing still, in ms: since its last instruction here, until the destination has said that
   * it runs there. So it is longer than the result's downtime, by the time that the message took. Null if it runs here.
   */
  downtimeMs: number | null;
  /** What is left, by the throughput, in ms; only while the guest still runs here. */
  expectedDowntimeMs: number | null;
  /** Confirmed by the destination over the last interval. */
  mbps: number | null;
  /** Pages per second that the guest dirtied in the last round of pre-copy. */
  dirtyPagesRate: number | null;
  /** Bytes of RAM known to be unsent. */
  remainingBytes: number | null;
  ram: SourceCounters | null;
  /** Of a guest with a disk that travels: its bytes known to be unsent. */
  diskRemainingBytes?: number;
  disk?: DiskCounters;
}

/** Of a host that has migrated nothing. */
export const noMigration: MigrationInfo = {
  status: 'none',
  totalTimeMs: null,
  setupTimeMs: null,
  downtimeMs: null,
  expectedDowntimeMs: null,
  mbps: null,
  dirtyPagesRate: null,
  remainingBytes: null,
  ram: null,
};

/** Times on CLOCK_MONOTONIC in ms; null if the migration never got there. */
export interface SourceTimeline {
  startedAtMs: number;
  /** The destination has connected, and the handshake is complete. */
  activeAtMs: number | null;
  pauseRequestedAtMs: number | null;
  /** The guest's last instruction on the source: downtime begins. Kept up to date while the guest is running. */
  lastInstructionAtMs: number | null;
  /** Of a guest with a disk: its requests in flight were done, behind the last instruction (QEMU: bdrv_drain_all). */
  drainedAtMs?: number;
  /** Of a guest with a shared disk: its lease was given back (QEMU: bdrv_inactivate_all). */
  releasedAtMs?: number;
  /** `continue` ended the wait in pre-switchover; null without one. */
  continuedAtMs: number | null;
  pagesSentAtMs: number | null;
  deviceStateSentAtMs: number | null;
  endedAtMs: number;
}

/** The connection was lost and re-established. */
export interface Recovery {
  /** When the source noticed. */
  pausedAtMs: number;
  /** When the new handshake was complete; null = never. */
  recoveredAtMs: number | null;
  /** Pages sent that had not arrived. */
  pagesLost: number;
}

export interface SourceReport {
  status: MigrationStatus;
  error: ErrorDocument | null;
  timeline: SourceTimeline;
  ram: SourceCounters;
  /** Of a guest with a disk. */
  disk?: DiskCounters;
  /** Pages sent encoded, by capability; pages that it sent in full count only as `ram.normal`. */
  encodedPages: Record<string, number>;
  /** Each capability's statistics, by name; also under QEMU's names. */
  capabilities: Record<string, Record<string, number>>;
  /** Each time the connection was lost after the point of no return. */
  recoveries: Recovery[];
  guestRunningAtEnd: boolean;
}

export interface DestinationTimeline {
  connectedAtMs: number | null;
  /** Everything the guest needs to run has arrived: device state and, without post-copy, the last page. */
  deviceStateReceivedAtMs: number | null;
  deviceStateLoadedAtMs: number | null;
  /** Of a guest with a shared disk: its lease was asked for, and had (QEMU: bdrv_activate_all). */
  leaseAskedAtMs?: number;
  leasedAtMs?: number;
  /** The guest's first instruction on the destination: downtime ends. */
  firstInstructionAtMs: number | null;
  allPagesReceivedAtMs: number | null;
  endedAtMs: number;
}

export interface FaultCounters {
  count: number;
  minUs: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
  /** Faults in [2^n, 2^(n+1)) µs by n (QEMU's postcopy-latency-distribution). */
  histogram: number[];
  /** Time vCPUs were blocked on missing pages, by vCPU, in ms. */
  vcpuBlocktimeMs: number[];
}

export interface DestinationReport {
  status: MigrationStatus;
  error: ErrorDocument | null;
  timeline: DestinationTimeline;
  received: DestinationCounters;
  /** Pages that arrived in post-copy although they were already present; 0 unless the source misbehaved. */
  duplicateArrivals: number;
  faults: FaultCounters;
}

export interface VerifyReport {
  pagesCompared: number;
  mismatches: number;
  /** Reads on the destination that saw a version other than the guest's last write. */
  staleReads: number;
  /** Page numbers of the first few mismatches, for diagnosis. */
  firstMismatches: number[];
  /** Of a guest with a disk. */
  disk?: DiskVerifyReport;
  /** Of a guest whose disk stays on the storage host. */
  diskIo?: DiskIoReport;
}

/** The same of the guest's disk, sector by sector. */
export interface DiskVerifyReport {
  sectorsCompared: number;
  mismatches: number;
  staleReads: number;
  firstMismatches: number[];
}

/** Latencies of requests; percentiles of none are null. */
export interface LatencyReport {
  count: number;
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

/** What the guest on one host met at a disk that is on the storage host. Times on CLOCK_MONOTONIC in ms. */
export interface DiskIoReport {
  /** Requests that failed. */
  ioErrors: number;
  /** Reads that found anything but what the guest on this host had last written or seen. */
  staleReads: number;
  /** When the first and the last of the writes that the storage acknowledged were sent; null = there was none. */
  firstWriteAtMs: number | null;
  lastWriteAtMs: number | null;
  /** Of requests that were answered while the guest ran. */
  running: LatencyReport;
  /** Of those that a pause found under way, and waited for. */
  drained: LatencyReport;
}

export interface ApplyLinkArguments {
  profile: LinkProfile;
  backend: BackendName;
  delayCorrectionMs: number;
  seed: number;
  interfaces: RouterPorts;
  /** The link is in use: what is queued and under way on it stays there. By default it may get lost. */
  isLive?: boolean;
  /**
   * Packets may be lost, doubled or reordered later, while it is in use: what a backend needs for that is there from now
   * on. Default false.
   */
  mayHitPackets?: boolean;
}

export interface BackendSupport {
  backend: BackendName;
  supported: boolean;
  /** If not, why, and how to get it. */
  reason: string;
}

/** The router's addresses, by which it finds its interfaces. */
export interface RouterPorts {
  towardsSource: string;
  towardsDestination: string;
  towardsObserver: string;
}

/** The samples themselves are the answer's blob (pings.ts). */
export interface ObserverReport {
  sent: number;
  received: number;
  /** The observer's memory was full: pings ended early. */
  full: boolean;
}

export interface CpuUsage {
  /** CPU seconds of the whole agent process since its start. */
  totalS: number;
  /** The vCPU threads' share of these. */
  guestS: number;
  rssBytes: number;
  /** CPU seconds that all CPUs of the agent's machine together have had since it started. */
  machineTotalS: number;
  /** Those of them in which nothing ran; seconds that a hypervisor took away are not idle. */
  machineIdleS: number;
}

export type { AgentEvent };
