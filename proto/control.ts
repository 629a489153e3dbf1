import type { Capabilities } from './capabilities.ts';
import type { AgentEvent } from './events.ts';
import type { ErrorDocument } from './errors.ts';
import type { GuestConfig, GuestSample } from './guest.ts';
import type { LinkTimeouts } from './link-timeouts.ts';
import type { AppliedLink, BackendName, LinkCounters, LinkProfile } from './link.ts';
import type {
  AdjustableLimits,
  Limits,
  MigrationStatus,
  NegativeControlName,
  StrategyFile,
  StrategyName,
  TransferConfig,
} from './strategy.ts';
import type { TlsCredentials } from './tls.ts';

/**
 * The management plane's methods: argument and result of each, both JSON documents. Which role answers which:
 * all: `hello`, `configureNetwork`, `cpu`; source and destination: `probe*`, `*Guest`, …; wan: `*Link`, `routeGuest`;
 * observer: `*Pings`.
 */
export interface ControlMethods {
  hello: [Record<string, never>, AgentInfo];
  configureNetwork: [NetworkConfig, NetworkState];

  /** Start answering probes: UDP echo and a TCP sink. Idempotent. */
  probeServe: [{ address: string }, { udpPort: number; tcpPort: number }];
  /**
   * Application-level round trips over the data network; what isn't back `patienceMs` after the last one is lost. Ends
   * once `enough` (all, where it isn't given) are back.
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

  /** Lay out and fill the guest's memory, start its vCPUs (paused on the destination). */
  bootGuest: [{ guest: GuestConfig; address: string }, GuestInfo];
  /** Let the vCPUs run (source only; the destination's start with the migration). */
  startGuest: [Record<string, never>, GuestSample];
  /** Stop the vCPUs wherever they run, so that memory can be compared. */
  stopGuest: [Record<string, never>, GuestSample];

  /** Source: serve the migration on `address`, run the strategy, report. Resolves when it ended, well or not. */
  migrate: [MigrateArguments, SourceReport];
  /** Source: the migration that runs goes on with other limits (QEMU's migrate-set-parameters). */
  migrateSetParameters: [Partial<AdjustableLimits>, { status: MigrationStatus }];
  /** Source: end the migration that runs; the guest runs on there. Refused once it may run at the destination. */
  migrateCancel: [Record<string, never>, { status: MigrationStatus }];
  /** Source: go on from `pre-switchover` (capability pause-before-switchover). */
  migrateContinue: [Record<string, never>, { status: MigrationStatus }];
  /** Source: where the newest migration stands. */
  queryMigrate: [Record<string, never>, { status: MigrationStatus }];
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
      /** By default those of a link that takes no time. */
      timeouts?: LinkTimeouts;
    },
    DestinationReport,
  ];
  /** Source: the version that the guest last wrote to each page; the answer's blob is a Uint32Array. */
  ledger: [Record<string, never>, { pages: number }];
  /** Where the guest ended up: compare every page with the ledger in the request's blob. */
  verify: [Record<string, never>, VerifyReport];

  probeBackends: [Record<string, never>, BackendSupport[]];
  /** Shape both directions. `delayCorrectionMs` (≥ 0) is taken off each direction's delay: the backend's own overhead. */
  applyLink: [
    { profile: LinkProfile; backend: BackendName; delayCorrectionMs: number; interfaces: RouterPorts },
    AppliedLink,
  ];
  /** Router: nothing passes between the two addresses for so long, in ms. Resolves when the link is whole again. */
  cutLink: [{ between: readonly [string, string]; durationMs: number }, Record<string, never>];
  linkCounters: [Record<string, never>, LinkCounters];
  /** Note the counters' bytes at intervals from now on; samples that nobody has stopped are dropped. */
  startLinkSamples: [{ intervalMs: number }, Record<string, never>];
  /** The answer's blob holds every sample: `decodeLinkSamples` of link-samples.ts. */
  stopLinkSamples: [Record<string, never>, { count: number }];
  /** Route the guest's address to the source; from then on its announcements move it. Returns where to announce. */
  routeGuest: [
    { guestAddress: string; source: string; destination: string; announceAddress: string },
    { port: number },
  ];
  /** When the router moved the guest's route, on CLOCK_MONOTONIC; null while it has not. */
  guestRouteMoved: [Record<string, never>, { atMs: number | null }];

  startPings: [{ guestAddress: string; port: number; intervalMs: number }, Record<string, never>];
  /** The answer's blob holds every sample: `decodePingSamples` of pings.ts. */
  stopPings: [{ settleMs: number }, ObserverReport];

  cpu: [Record<string, never>, CpuUsage];
}

export type ControlMethod = keyof ControlMethods;
export type ArgumentOf<M extends ControlMethod> = ControlMethods[M][0];
export type ResultOf<M extends ControlMethod> = ControlMethods[M][1];

/** What a handler gets and gives; `blob` carries bulk binary data beside the JSON document. */
export type ControlHandlers = {
  [M in ControlMethod]?: (
    argument: ArgumentOf<M>,
    blob: Buffer | undefined,
  ) => Promise<ResultOf<M> | { result: ResultOf<M>; blob: Buffer }>;
};

export type HostRole = 'source' | 'destination' | 'wan' | 'observer';
export const hostRoles: readonly HostRole[] = ['source', 'destination', 'wan', 'observer'];

/** The guest NIC answers the observer's pings on this UDP port of the guest's address. */
export const guestPingPort = 7001;
/** Where the source serves the migration. */
export const migrationPort = 7002;

export interface AgentInfo {
  role: HostRole;
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
  /** TCP congestion control of these routes, e.g. `cubic`. */
  congestionControl: string;
  /** The guest's own address, to be held by this host's loopback; null on hosts that hold no guest. */
  guestAddress: string | null;
}

/** Read back from the kernel and stored with the result. */
export interface NetworkState {
  routes: string[];
  congestionControl: string;
  tcpRmem: string;
  tcpWmem: string;
}

export interface RttProbeResult {
  samples: number;
  lost: number;
  minMs: number;
  medianMs: number;
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
  strategy: StrategyName | NegativeControlName | StrategyFile;
  /** The file's text, where the strategy is one. */
  strategyText?: string;
  /** With capability tls. */
  tls?: TlsCredentials;
  limits: Limits;
  transfer: TransferConfig;
  /** By default those of a link that takes no time. */
  timeouts?: LinkTimeouts;
  capabilities: Capabilities;
}

/** Pages and bytes under QEMU's names. */
export interface RamCounters {
  /** The guest's RAM in bytes. */
  total: number;
  /** Bytes of page messages handed to gRPC: payload and message headers. */
  transferred: number;
  /** Pages sent in full. */
  normal: number;
  /** Zero pages, sent as a header only. */
  duplicate: number;
  /** Pages that travelled encoded, by the capability's name; those that it sent in full are `normal` alone. */
  encoded: Record<string, number>;
  /** Bytes of what the pages were sent as: whole ones, and encoded ones with their numbers. */
  pageBytes: number;
  precopyBytes: number;
  downtimeBytes: number;
  postcopyBytes: number;
  /** Bitmap syncs. */
  dirtySyncCount: number;
  /** Demand faults that reached the source. */
  postcopyRequests: number;
}

/** Moments on CLOCK_MONOTONIC in ms; null where the migration never came there. */
export interface SourceTimeline {
  startedAtMs: number;
  /** The destination is connected and both sides agreed. */
  activeAtMs: number | null;
  pauseRequestedAtMs: number | null;
  /** The guest's last instruction on the source: downtime begins. Kept up to date while the guest runs on. */
  lastInstructionAtMs: number | null;
  /** `continue` ended the wait in pre-switchover; null without one. */
  continuedAtMs: number | null;
  pagesSentAtMs: number | null;
  deviceStateSentAtMs: number | null;
  endedAtMs: number;
}

/** The connection was lost and made anew. */
export interface Recovery {
  /** When the source noticed. */
  pausedAtMs: number;
  /** When both sides had agreed again; null = never. */
  recoveredAtMs: number | null;
  /** That had been sent and had not arrived. */
  pagesLost: number;
}

export interface SourceReport {
  status: MigrationStatus;
  error: ErrorDocument | null;
  timeline: SourceTimeline;
  ram: RamCounters;
  /** What each capability has to say, by its name; under QEMU's names, too. */
  capabilities: Record<string, Record<string, number>>;
  /** Sent before the guest was stopped, only to open the link's congestion window for the device state. */
  paddingBytes: number;
  /** Each time the connection was lost after the point of no return. */
  recoveries: Recovery[];
  /** Requests for pages that had been sent already and were dropped. */
  lateRequestsDropped: number;
  guestRunningAtEnd: boolean;
}

export interface DestinationTimeline {
  connectedAtMs: number | null;
  /** Everything the guest needs to run has arrived: device state and, without post-copy, the last page. */
  deviceStateReceivedAtMs: number | null;
  deviceStateLoadedAtMs: number | null;
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
  pagesReceived: number;
  zeroPagesReceived: number;
  encodedPagesReceived: number;
  /** Pages that arrived in post-copy although they were there already; 0 unless the source misbehaved. */
  duplicateArrivals: number;
  faults: FaultCounters;
}

export interface VerifyReport {
  pagesCompared: number;
  mismatches: number;
  /** Reads on the destination that saw another version than the guest had last written. */
  staleReads: number;
  /** Page numbers of the first few mismatches, for diagnosis. */
  firstMismatches: number[];
}

export interface BackendSupport {
  backend: BackendName;
  supported: boolean;
  /** Why not, and how to get it. */
  reason: string;
}

/** The router's own addresses, by which it finds its interfaces. */
export interface RouterPorts {
  towardsSource: string;
  towardsDestination: string;
  towardsObserver: string;
}

/** The samples themselves are the answer's blob (pings.ts). */
export interface ObserverReport {
  sent: number;
  received: number;
  /** The observer's memory was full: pings ended before they were stopped. */
  full: boolean;
}

export interface CpuUsage {
  /** CPU seconds of the whole agent process since its start. */
  totalS: number;
  /** Of these, the vCPU threads'. */
  guestS: number;
  rssBytes: number;
}

export type { AgentEvent };
