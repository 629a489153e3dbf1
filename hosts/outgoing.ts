import type { CapabilityName } from '../proto/capabilities.ts';
import { agreementOf, continueMaxMsOf } from '../proto/capabilities.ts';
import type { MigrateArguments, SourceReport, SourceTimeline } from '../proto/control.ts';
import { asError, LivemigError, toErrorDocument } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import { leastTimeouts } from '../proto/link-timeouts.ts';
import { migrationVersion } from '../proto/migration.ts';
import type { TransferPhase } from '../proto/events.ts';
import type { NegativeControlName } from '../proto/strategy.ts';
import { isStrategyFile, negativeControlNames } from '../proto/strategy.ts';
import { monotonicMs, pageSizeBytes } from '../proto/units.ts';
import type { AtSource, PageOrder } from './capabilities/capability.ts';
import { capabilitiesAtSource } from './capabilities/index.ts';
import { realClock } from './clock.ts';
import { deviceStateBytesOf } from './guest/device-state.ts';
import type { Guest } from './guest/guest.ts';
import { PageSet } from './guest/page-set.ts';
import { guarded } from './legal-order.ts';
import { MigrationControl } from './migration-control.ts';
import type { MigrationSession, TransferStrategy } from './ports.ts';
import { ConnectionRecovery } from './recovery.ts';
import { Refusals } from './refusals.ts';
import { RoundMeter } from './round-meter.ts';
import { strategies } from './strategies/index.ts';
import { negativeControls } from './strategies/negative-controls.ts';
import { importStrategy } from './strategy-file.ts';
import { DemandFaults } from './transfer/demand-faults.ts';
import { DestinationOrders } from './transfer/destination-orders.ts';
import { LinkPageSender, noRamSent } from './transfer/page-sender.ts';
import { SourceServer } from './transfer/source-server.ts';
import type { SourceServerEvents } from './transfer/source-server.ts';
import { Waiters } from './transfer/waiters.ts';

const isNegativeControl = (name: string): name is NegativeControlName =>
  negativeControlNames.includes(name as NegativeControlName);

/** The source's part in one migration: gives the strategy its ports, keeps time and status, and reports. */
export class OutgoingMigration {
  readonly #guest: Guest;
  readonly #arguments: MigrateArguments;
  readonly #emit: (event: AgentEvent) => void;
  readonly #waiters = new Waiters();
  readonly #refusals = new Refusals();
  readonly #timeline: SourceTimeline;
  #server!: SourceServer;
  #sender!: LinkPageSender;
  #orders!: DestinationOrders;
  #meter!: RoundMeter;
  readonly #faults: DemandFaults;
  readonly #capabilities: ReadonlyMap<CapabilityName, AtSource>;
  readonly #postcopyOrder: PageOrder | null;
  readonly #clock = realClock(this.#waiters);
  #hasPrecopied = false;
  #isFirstSync = true;
  /** The guest ran when this migration stopped it. */
  #hasStoppedGuest = false;
  readonly control: MigrationControl;
  #resumeMode: 'complete' | 'postcopy' = 'complete';
  #recovery!: ConnectionRecovery;

  constructor(guest: Guest, migration: MigrateArguments, emit: (event: AgentEvent) => void) {
    this.#guest = guest;
    this.#arguments = migration;
    this.#emit = emit;
    this.control = new MigrationControl(migration.limits, this.#waiters, emit);
    this.control.onLimits = () => {
      this.#setRate();
    };
    this.#faults = new DemandFaults(
      migration.transfer.faults,
      (page) => {
        this.#sender.sendUrgent(page);
      },
      () => {
        this.#sender.pacer.interrupt();
      },
    );
    const { capabilities, transfer } = migration;
    this.#capabilities = capabilitiesAtSource(agreementOf(capabilities, transfer), {
      memory: guest.memory,
      confirmedBytes: () => this.#sender.confirmedBytes,
      throttle: (percent) => {
        guest.throttle(percent);
      },
      throttledMs: () => guest.throttledMs,
    });
    this.#postcopyOrder =
      [...this.#capabilities.values()].find(({ postcopyOrder }) => postcopyOrder !== undefined)
        ?.postcopyOrder ?? null;
    this.#timeline = {
      startedAtMs: monotonicMs(),
      activeAtMs: null,
      pauseRequestedAtMs: null,
      lastInstructionAtMs: null,
      continuedAtMs: null,
      pagesSentAtMs: null,
      deviceStateSentAtMs: null,
      endedAtMs: 0,
    };
  }

  /** Runs the migration to its end. Never throws: the report says what happened. */
  async run(stopSignal: AbortSignal): Promise<SourceReport> {
    const signal = AbortSignal.any([stopSignal, this.control.signal]);
    let failure: unknown = null;
    const onAbort = (): void => {
      this.control.status = 'cancelling';
      this.#waiters.fail(new LivemigError('CANCELLED', 'the migration was cancelled'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const strategy = await this.#strategy();
      await this.#connect(signal);
      const ticker = setInterval(() => {
        this.#meter.tick();
      }, RoundMeter.progressIntervalMs);
      try {
        await strategy.migrate(this.#ports(), signal);
        if (!this.#server.isCompleted)
          throw new LivemigError(
            'ILLEGAL_PHASE',
            'expected the strategy to end with `await session.destination.complete()`, it ended without',
          );
      } finally {
        clearInterval(ticker);
      }
    } catch (error) {
      failure = signal.aborted
        ? new LivemigError('CANCELLED', 'the migration was cancelled', { cause: error })
        : asError(error);
    }
    signal.removeEventListener('abort', onAbort);
    return this.#end(failure);
  }

  async #strategy(): Promise<TransferStrategy> {
    const { strategy, strategyText = '' } = this.#arguments;
    if (isStrategyFile(strategy)) return importStrategy(strategy, strategyText);
    return isNegativeControl(strategy) ? negativeControls[strategy] : strategies[strategy];
  }

  async #connect(signal: AbortSignal): Promise<void> {
    this.control.status = 'setup';
    const { address, port, migrationId, transfer, timeouts = leastTimeouts } = this.#arguments;
    const hello = {
      version: migrationVersion,
      migrationId,
      pageSizeBytes,
      pageCount: this.#guest.memory.pageCount,
      vcpus: this.#guest.config.vcpus,
      deviceStateBytes: deviceStateBytesOf(this.#guest.config),
      channels: transfer.channels,
      faultsInStream: transfer.faults !== 'preempt',
      capabilities: agreementOf(this.#arguments.capabilities, transfer),
    };
    const events: SourceServerEvents = {
      receipt: (channel, sequence) => {
        this.#sender.confirm(channel, sequence);
      },
      pageRequested: (page) => {
        this.#sender.ram.postcopyRequests++;
        this.#faults.requested(page);
        this.#postcopyOrder?.faulted?.(page);
      },
      refused: (reason) => {
        if (!this.#refusals.add()) return;
        this.#emit({ type: 'refused', atMs: monotonicMs(), reason, count: this.#refusals.count });
      },
      lost: () => this.#recovery.lost(),
      recovered: (remains) => {
        this.#recovery.recovered(remains);
      },
    };
    this.#server = await SourceServer.listen(
      address,
      port,
      hello,
      this.#waiters,
      events,
      this.#arguments.tls,
      timeouts,
    );
    this.#orders = new DestinationOrders(this.#guest, this.#server, this.#waiters, transfer);
    const parts = [...this.#capabilities.values()];
    this.#sender = new LinkPageSender(
      this.#guest.memory,
      this.#server,
      this.#waiters,
      transfer,
      {
        zeroPages: this.#arguments.capabilities['zero-page-detection'] !== undefined,
        encoders: parts.flatMap(({ encoder }) => encoder ?? []),
        compressors: parts.flatMap(({ compressor }) => compressor ?? []),
      },
      {
        precopy: parts.find(({ precopyOrder }) => precopyOrder !== undefined)?.precopyOrder ?? null,
        postcopy: this.#postcopyOrder,
      },
      this.#clock,
      signal,
    );
    this.#setRate();
    this.#recovery = new ConnectionRecovery({
      server: this.#server,
      sender: this.#sender,
      orders: this.#orders,
      faults: this.#faults,
      control: this.control,
      waiters: this.#waiters,
      recoverMs: timeouts.recoverMs,
      pageCount: this.#guest.memory.pageCount,
      capabilities: parts,
      resumeAgain: async (complete, isCurrent) => {
        // With complete memory the guest is resumed once all of it is there; in post-copy before it is.
        if (this.#resumeMode === 'complete' && !(await complete())) return;
        await this.#sendDeviceState();
        if (isCurrent()) await this.#orders.resume(this.#resumeMode);
      },
      statusAfter: () => (this.#resumeMode === 'postcopy' ? 'postcopy-active' : 'device'),
    });
    await this.#server.untilConnected();
    this.#meter = new RoundMeter(this.#sender, this.#emit);
    this.#timeline.activeAtMs = monotonicMs();
    this.control.status = 'active';
  }

  #ports(): MigrationSession {
    const { strategy } = this.#arguments;
    const session: MigrationSession = {
      guest: {
        deviceStateBytes: deviceStateBytesOf(this.#guest.config),
        pause: () => this.#pause(),
      },
      memory: {
        pageCount: this.#guest.memory.pageCount,
        pageSizeBytes,
        noPages: () => new PageSet(this.#guest.memory.pageCount),
        sync: () => this.#sync(),
        isDirty: (page) => this.#guest.memory.isDirty(page),
      },
      pages: this.#sender,
      destination: {
        prime: () => this.#orders.prime(),
        discard: (pages) => this.#orders.discard(pages),
        sendDeviceState: () => this.#sendDeviceState(),
        resume: (mode) => this.#resume(mode),
        complete: () => this.#recovery.complete(),
      },
      faults: this.#faults,
      limits: this.control.limits,
      clock: this.#clock,
      roundEnded: (pagesDirtied) => {
        this.#meter.roundEnded(pagesDirtied);
      },
    };
    // The negative controls must reach the oracles, not this guard.
    return isNegativeControl(strategy) ? session : guarded(session);
  }

  #sync(): PageSet {
    this.#sender.ram.dirtySyncCount++;
    const drained = this.#guest.memory.drainDirty();
    const isKnown = !this.#isFirstSync && this.#arguments.transfer.dirtyBitmap;
    const dirtied = isKnown ? drained : PageSet.all(this.#guest.memory.pageCount);
    this.#isFirstSync = false;
    this.#sender.toBeSent(dirtied);
    const { transferred: transferredBytes } = this.#sender.ram;
    for (const capability of this.#capabilities.values())
      capability.synced?.({ dirtied, pageSizeBytes, transferredBytes, nowMs: this.#clock.nowMs() });
    return dirtied;
  }

  async #pause(): Promise<void> {
    this.#timeline.pauseRequestedAtMs = monotonicMs();
    const waits = this.#arguments.capabilities['pause-before-switchover'] !== undefined;
    this.control.status = waits ? 'pre-switchover' : 'device';
    this.#hasStoppedGuest ||= this.#guest.isRunning;
    await this.#guest.pause();
    this.#timeline.lastInstructionAtMs = this.#guest.lastInstructionAtMs;
    if (waits) {
      await this.control.untilContinued(continueMaxMsOf(this.#arguments.capabilities));
      this.#timeline.continuedAtMs = monotonicMs();
      this.control.status = 'device';
    }
    this.#enter('downtime');
  }

  /** The cap of the phase. As in QEMU the switchover has none; a guest that is stopped before its first page keeps it. */
  #setRate(): void {
    const sender = this.#sender as LinkPageSender | undefined;
    if (sender === undefined) return;
    const { maxBandwidthMbps, maxPostcopyBandwidthMbps } = this.control.limits;
    const isSwitchover = sender.phase === 'downtime' && this.#hasPrecopied;
    sender.pacer.rateMbps =
      sender.phase === 'postcopy' ? maxPostcopyBandwidthMbps : isSwitchover ? 0 : maxBandwidthMbps;
  }

  #enter(phase: TransferPhase): void {
    if (phase === 'downtime') this.#hasPrecopied = this.#sender.sentPages > 0;
    this.#sender.phase = phase;
    this.#setRate();
    for (const capability of this.#capabilities.values()) capability.entered?.(phase);
    this.#meter.phaseChanged();
  }

  async #sendDeviceState(): Promise<void> {
    this.#timeline.pagesSentAtMs = monotonicMs();
    await this.#orders.sendDeviceState();
    this.#timeline.deviceStateSentAtMs = monotonicMs();
  }

  async #resume(mode: 'complete' | 'postcopy'): Promise<void> {
    this.control.passedPointOfNoReturn();
    this.#resumeMode = mode;
    await this.#orders.resume(mode);
    if (mode === 'complete') return;
    // Where the connection was lost meanwhile, this waits for the next one.
    if (!this.#recovery.isPaused) this.control.status = 'postcopy-active';
    // On one channel pages can't overtake the order to discard older copies; on several they could.
    if (this.#arguments.transfer.channels > 1) await this.#server.untilResumed();
    this.#enter('postcopy');
  }

  #statistics(): SourceReport['capabilities'] {
    const told = [...this.#capabilities].flatMap(([name, capability]) => {
      const statistics = capability.statistics?.();
      return statistics === undefined ? [] : [[name, statistics]];
    });
    return Object.fromEntries(told) as SourceReport['capabilities'];
  }

  async #end(failure: unknown): Promise<SourceReport> {
    if (failure !== null) this.#waiters.fail(failure);
    this.#guest.throttle(0);
    const cancelled = failure !== null && this.control.status === 'cancelling';
    // The guest goes on here where it was this migration that stopped it, unless it may have been started over there.
    if (failure !== null && this.#hasStoppedGuest && !this.control.mayRunAtDestination) this.#guest.resume();
    this.control.status = failure === null ? 'completed' : cancelled ? 'cancelled' : 'failed';
    this.#timeline.endedAtMs = monotonicMs();
    if (this.#timeline.lastInstructionAtMs === null)
      this.#timeline.lastInstructionAtMs = this.#guest.lastInstructionAtMs;
    // Both may be missing when the source could not even listen.
    const server = this.#server as SourceServer | undefined;
    const sender = this.#sender as LinkPageSender | undefined;
    await server?.close(failure);
    return {
      status: this.control.status,
      error: failure === null ? null : toErrorDocument(failure),
      timeline: this.#timeline,
      ram: sender?.ram ?? noRamSent(this.#guest.memory.pageCount),
      capabilities: this.#statistics(),
      paddingBytes: (this.#orders as DestinationOrders | undefined)?.paddingBytes ?? 0,
      recoveries: (this.#recovery as ConnectionRecovery | undefined)?.recoveries ?? [],
      lateRequestsDropped: this.#faults.lateRequestsDropped,
      guestRunningAtEnd: this.#guest.isRunning,
    };
  }
}
