import { ledgerOf, verifyMemory } from '#hosts/guest/verify';
import { IncomingMigration } from '#hosts/incoming';
import { OutgoingMigration } from '#hosts/outgoing';
import type { TransferStrategy } from '#hosts/ports';
import { Frames } from '#hosts/simulation/frames';
import { MemoryWire } from '#hosts/simulation/memory-wire';
import { ModelGuest, SegmentPool } from '#hosts/simulation/model-guest';
import type { RegionLens, WorkloadMaker } from '#hosts/simulation/model-guest';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import { defaultCapabilities, settingsOf, switchesOf } from '#catalogue/capabilities';
import type { Capabilities, CapabilityValue } from '#proto/capabilities';
import type { DestinationReport, SourceReport, VerifyReport } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { GuestConfig } from '#proto/guest';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { defaultLimits } from '#catalogue/limits';
import type { Limits } from '#catalogue/limits';
import type { TransferSwitches } from '#proto/strategy';
import { bandwidthDelayProductBytes } from '#proto/units';
import { timeoutsOf, transferConfigOf } from '#harness/run/transfer';

/** A migration in virtual time: the agents' own, between a model of a guest and a model of a link. */
export interface Simulation {
  guest: GuestConfig;
  /** What its vCPUs do, instead of the workload that it names. */
  workloadOf?: WorkloadMaker;
  link: {
    /** Of all bytes on the wire, each way. */
    rateMbps: number;
    rttMs: number;
    /** Before the bottleneck; by default a bandwidth-delay product, but 64 KiB at least. */
    queueBytes?: number;
  };
  strategy: TransferStrategy;
  limits?: Partial<Limits>;
  transfer?: Partial<TransferSwitches>;
  /** `undefined` = off, also where it is on by default. */
  capabilities?: Readonly<Record<string, CapabilityValue | undefined>>;
  timeouts?: Partial<LinkTimeouts>;
  /** Ends the migration; it is cancelled. */
  stopSignal?: AbortSignal;
  /** Sees every message. */
  tap?: SimulationTap;
  /** Through which a host's regions are seen. */
  lensAt?: (host: 'source' | 'destination') => RegionLens;
  /** The guest runs so long at the source before it is migrated. */
  warmupMs?: number;
  /** A migration that takes longer has hung. */
  virtualMaxMs?: number;
}

/** What can be done to a migration while it runs. */
export interface SimulationHands {
  outgoing: OutgoingMigration;
  clock: VirtualClock;
  wire: MemoryWire;
  source: ModelGuest;
  destination: ModelGuest;
}

/** A message of source or destination, as it is written: where it stands in virtual time, its stream and its bytes. */
export type SimulationTap = (atMs: number, stream: string, message: Buffer) => void;

export type SimulationWatch = (event: AgentEvent, hands: SimulationHands) => void;

export interface SimulatedMigration {
  source: SourceReport;
  destination: DestinationReport;
  /** Of the memory at the destination, as agents verify it; of a migration that failed, what came. */
  verified: VerifyReport;
  events: AgentEvent[];
  guestAt: 'source' | 'destination' | 'nowhere' | 'both';
  /** That the migration took, in ms. */
  durationMs: number;
  /** From the last instruction at the source to the first one at the destination, in ms; NaN where it never got there. */
  downtimeMs: number;
  /** Events of virtual time. */
  turns: number;
  /** On the wire, all streams and headers together. */
  wireBytes: { downward: number; upward: number };
}

/** TCP and HTTP/2 leave so much of a link to payload. */
const goodputShare = 0.95;
const leastQueueBytes = 64 << 10;
const virtualMaxMs = 600_000;
const never = new AbortController().signal;
const segments = new SegmentPool();
const frames = new Frames();

const linkModels = ({ rateMbps, rttMs, queueBytes }: Simulation['link']) => {
  const bdpBytes = bandwidthDelayProductBytes(rateMbps, rttMs);
  const model = {
    rateMbps,
    delayMs: rttMs / 2,
    queueBytes: queueBytes ?? Math.max(leastQueueBytes, bdpBytes),
  };
  return { upward: model, downward: model };
};

/**
 * Runs a migration from start to end, and compares every page.
 * @throws LivemigError TIMEOUT where it never ends. What the migration makes of a failure stands in its reports.
 */
export const simulate = async (
  simulation: Simulation,
  watch: SimulationWatch = () => undefined,
): Promise<SimulatedMigration> => {
  const { guest: config, link, strategy, warmupMs = 10 } = simulation;
  const clock = new VirtualClock();
  const boot = (host: 'source' | 'destination'): Promise<ModelGuest> =>
    ModelGuest.boot(config, host, clock, segments, simulation.workloadOf, simulation.lensAt?.(host));
  const source = await boot('source');
  const destination = await boot('destination');
  try {
    const figures = {
      goodputMbps: link.rateMbps * goodputShare,
      reverseGoodputMbps: link.rateMbps * goodputShare,
      rttMs: link.rttMs,
      delayMaxMs: link.rttMs,
      lossFraction: 0,
    };
    const asked = Object.entries({ ...defaultCapabilities, ...simulation.capabilities });
    const capabilities: Capabilities = Object.fromEntries(
      asked.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const switches = { ...switchesOf(capabilities, true), ...simulation.transfer };
    const transfer = transferConfigOf(figures, switches);
    const timeouts = { ...timeoutsOf(figures, transfer), ...simulation.timeouts };
    const handshakeRoundTrips = settingsOf(capabilities).isEncrypted ? 2 : 1;
    const wire = new MemoryWire({ clock, ...linkModels(link), timeouts, handshakeRoundTrips, frames });
    const { tap, stopSignal = never } = simulation;
    if (tap !== undefined)
      wire.tap = (stream, message) => {
        tap(clock.nowMs(), stream, message);
      };
    const migrationId = 'simulated';
    const events: AgentEvent[] = [];
    const limits = { ...defaultLimits, ...simulation.limits } as Limits;
    const emit = (event: AgentEvent): void => {
      events.push(event);
      watch(event, { outgoing, clock, wire, source, destination });
    };
    const outgoing: OutgoingMigration = new OutgoingMigration(
      source,
      { migrationId, limits, transfer, timeouts, capabilities },
      {
        clock,
        wire: wire.source,
        strategy: async () => strategy,
        emit,
      },
    );
    source.resume();
    await clock.run(new Promise<void>((resolve) => clock.timer(warmupMs, resolve)), warmupMs);
    const startedAtMs = clock.nowMs();
    const incoming = new IncomingMigration(
      destination,
      { migrationId, timeouts },
      {
        clock,
        wire: wire.destination,
        announcements: { announce: () => undefined, close: () => undefined },
        emit,
      },
    );
    const reports = Promise.all([outgoing.run(stopSignal), incoming.run()]);
    const [atSource, atDestination] = await clock.run(reports, simulation.virtualMaxMs ?? virtualMaxMs);
    const { isRunning: runsAtSource } = source;
    const { isRunning: runsAtDestination } = destination;
    await Promise.all([source.pause(), destination.pause()]);
    return {
      source: atSource,
      destination: atDestination,
      verified: await verifyMemory(destination, ledgerOf(source)),
      events,
      guestAt: runsAtSource
        ? runsAtDestination
          ? 'both'
          : 'source'
        : runsAtDestination
          ? 'destination'
          : 'nowhere',
      durationMs: Math.max(atSource.timeline.endedAtMs, atDestination.timeline.endedAtMs) - startedAtMs,
      downtimeMs:
        (atDestination.timeline.firstInstructionAtMs ?? Number.NaN) -
        (atSource.timeline.lastInstructionAtMs ?? Number.NaN),
      turns: clock.events,
      wireBytes: { downward: wire.downward.bytes, upward: wire.upward.bytes },
    };
  } finally {
    source.destroy();
    destination.destroy();
  }
};
