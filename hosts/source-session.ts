import { agreementOf, capabilitiesAtSource, settingsOf } from '#catalogue/capabilities';
import type { AtSource, PageOrder } from '#catalogue/capability';
import type { MigrateArguments, MigrationInfo, SourceReport, SourceTimeline } from '#proto/control';
import type { AgentEvent, TransferPhase } from '#proto/events';
import { leastTimeouts } from '#proto/link-timeouts';
import { batchPagesMax, diskRegion, migrationVersion, ramRegion } from '#proto/migration';
import type { TransferSizes } from '#proto/strategy';
import { mebibyte } from '#proto/units';
import type { MigrationClock } from './clock.ts';
import { every, sleep, strategyClock } from './clock.ts';
import { deviceStateBytesOf } from './guest/device-state.ts';
import { PageSet } from './guest/page-set.ts';
import { BlockSpace } from './block-space.ts';
import type { Machine } from './machine.ts';
import type { Region } from './region.ts';
import type { MigrationControl } from './migration-control.ts';
import type { Clock, MigrationSession } from './ports.ts';
import { ConnectionRecovery } from './recovery.ts';
import { Refusals } from './refusals.ts';
import { RoundMeter } from './round-meter.ts';
import { DemandFaults } from './transfer/demand-faults.ts';
import { DiskMirror, writesInFlightMost } from './transfer/disk-mirror.ts';
import { DestinationOrders } from './transfer/destination-orders.ts';
import { LinkPageSender } from './transfer/page-sender.ts';
import type { Orders } from './transfer/page-sender.ts';
import { SourceServer } from './transfer/source-server.ts';
import type { SourceServerEvents } from './transfer/source-server.ts';
import type { Waiters } from './transfer/waiters.ts';
import type { SourceWire } from './transfer/wire.ts';

/** What the session itself needs of the order to migrate. Others know its strategy and where it listens. */
export type SessionArguments = Pick<
  MigrateArguments,
  'migrationId' | 'limits' | 'transfer' | 'timeouts' | 'capabilities'
>;

export interface SourceSessionParts {
  machine: Machine;
  migration: SessionArguments;
  clock: MigrationClock;
  wire: SourceWire;
  emit: (event: AgentEvent) => void;
  control: MigrationControl;
  waiters: Waiters;
}

/** The source's end of one migration between its ports: the guest's machine, the wire to the destination, the clock. */
export class SourceSession {
  readonly #parts: SourceSessionParts;
  /** What a strategy calls a page is a block of any region. */
  readonly #space: BlockSpace<Region>;
  readonly #capabilities: ReadonlyMap<string, AtSource>;
  readonly #postcopyOrder: PageOrder | null;
  readonly #clock: Clock;
  readonly #refusals = new Refusals();
  readonly #server: SourceServer;
  readonly #sender: LinkPageSender;
  readonly #orders: DestinationOrders;
  readonly #faults: DemandFaults;
  readonly #recovery: ConnectionRecovery;
  readonly #meter: RoundMeter;
  readonly timeline: SourceTimeline;
  #hasPrecopied = false;
  #isFirstSync = true;
  /** Null = there is no disk, or it isn't live. */
  readonly #mirror: DiskMirror | null;
  /** How much of the disk the last sync found dirty. */
  #diskDirtied = Infinity;
  #hasStoppedGuest = false;
  #hasReleased = false;
  /** When the destination's word came that the guest runs there. */
  #resumedAtMs: number | null = null;
  #resumeMode: 'complete' | 'postcopy' = 'complete';

  constructor(parts: SourceSessionParts) {
    const { machine, migration, clock, wire, emit, control, waiters } = parts;
    const { limits, transfer, timeouts = leastTimeouts } = migration;
    const { memory } = machine;
    this.#space = new BlockSpace(machine.regions);
    this.#parts = parts;
    this.#clock = strategyClock(clock, waiters);
    const agreed = agreementOf(migration.capabilities);
    this.#capabilities = capabilitiesAtSource(agreed, {
      memory,
      blockCount: this.#space.blockCount,
      clock,
      confirmedBytes: () => this.#sender.confirmedBytes,
      throttle: (percent) => {
        machine.throttle(percent);
      },
      throttledMs: () => machine.throttledMs,
    });
    const orders = this.#pageOrders();
    this.#postcopyOrder = orders.postcopy;
    this.#faults = new DemandFaults(
      transfer.faults,
      (page) => {
        this.#sender.sendUrgent(page);
      },
      () => {
        this.#sender.pacer.interrupt();
      },
    );
    const hello = {
      version: migrationVersion,
      migrationId: migration.migrationId,
      regions: this.#space.shapes,
      vcpus: machine.config.vcpus,
      deviceStateBytes: deviceStateBytesOf(machine.config),
      channels: transfer.channels,
      faultsInStream: transfer.faults !== 'preempt',
      capabilities: agreed,
    };
    const events = this.#serverEvents();
    this.#server = new SourceServer({ wire, clock, hello, waiters, events, timeouts });
    this.#orders = new DestinationOrders(machine, this.#space, this.#server, waiters, transfer);
    const capabilities = [...this.#capabilities.values()];
    this.#sender = new LinkPageSender({
      space: this.#space,
      server: this.#server,
      waiters,
      transfer,
      encodings: {
        zeroPages: settingsOf(migration.capabilities).zeroPages,
        encoders: capabilities.flatMap(({ encoder }) => encoder ?? []),
        compressors: capabilities.flatMap(({ compressor }) => compressor ?? []),
      },
      orders,
      clock: {
        nowMs: () => clock.nowMs(),
        sleep: (durationMs) => sleep(clock, waiters, durationMs),
      },
    });
    this.#mirror = this.#newMirror();
    this.#recovery = new ConnectionRecovery({
      clock,
      server: this.#server,
      sender: this.#sender,
      orders: this.#orders,
      faults: this.#faults,
      control,
      waiters,
      recoverMs: timeouts.recoverMs,
      space: this.#space,
      capabilities,
      resumeAgain: async (sendMissing, isCurrent) => {
        // With complete memory the guest is resumed once all of it is there; in post-copy once its disk is.
        if (!(await sendMissing(this.#resumeMode === 'complete' ? 'all' : 'mustPrecopy'))) return;
        await this.#sendDeviceState();
        if (isCurrent()) await this.#orders.resume(this.#resumeMode);
      },
      statusAfter: () => (this.#resumeMode === 'postcopy' ? 'postcopy-active' : 'device'),
    });
    this.#meter = new RoundMeter(clock, this.#sender, emit);
    this.timeline = {
      startedAtMs: clock.nowMs(),
      activeAtMs: null,
      pauseRequestedAtMs: null,
      lastInstructionAtMs: null,
      continuedAtMs: null,
      pagesSentAtMs: null,
      deviceStateSentAtMs: null,
      endedAtMs: 0,
    };
    this.#setRate(limits);
    control.onLimits = () => {
      this.#setRate(control.limits);
    };
  }

  #newMirror(): DiskMirror | null {
    const { machine, waiters, control } = this.#parts;
    const placed = this.#space.named(diskRegion);
    if (placed === undefined || machine.disk === null || machine.config.disk?.live !== true) return null;
    return new DiskMirror({
      disk: machine.disk,
      waiters,
      canSend: () => this.#sender.canMirror,
      blocksMax: Math.min(batchPagesMax, Math.max(1, Math.floor(mebibyte / placed.region.blockSizeBytes))),
      send: (blocks) => this.#sender.sendMirrored(blocks.map((block) => placed.base + block)),
      inFlightMost: () =>
        writesInFlightMost(
          control.limits,
          this.#sender.confirmedBytes / (this.#clock.nowMs() - this.timeline.startedAtMs),
          placed.region.blockSizeBytes,
        ),
      done: (writes) => {
        this.#sender.disk.mirroredWrites += writes;
      },
    });
  }

  #pageOrders(): Orders {
    const capabilities = [...this.#capabilities.values()];
    return {
      precopy: capabilities.find(({ precopyOrder }) => precopyOrder !== undefined)?.precopyOrder ?? null,
      postcopy: capabilities.find(({ postcopyOrder }) => postcopyOrder !== undefined)?.postcopyOrder ?? null,
    };
  }

  #serverEvents(): SourceServerEvents {
    const { clock, emit } = this.#parts;
    return {
      receipt: (channel, sequence) => {
        this.#sender.confirm(channel, sequence);
        if (channel === 0) this.#mirror?.confirmed(sequence);
      },
      pageRequested: (page) => {
        this.#sender.ram.postcopyRequests++;
        this.#faults.requested(page);
        this.#postcopyOrder?.faulted?.(page);
      },
      refused: (reason) => {
        if (!this.#refusals.add()) return;
        emit({ type: 'refused', atMs: clock.nowMs(), reason, count: this.#refusals.count });
      },
      lost: () => this.#recovery.lost(),
      recovered: (remains) => {
        this.#recovery.recovered(remains);
      },
    };
  }

  /** Listens until the destination has come and both have agreed. @throws LivemigError */
  async connect(): Promise<void> {
    await this.#server.listen();
    await this.#server.untilConnected();
    this.#meter.begin();
    this.timeline.activeAtMs = this.#clock.nowMs();
  }

  /** Reports its progress while `migrate` runs. */
  async metered(migrate: () => Promise<void>): Promise<void> {
    const cancel = every(this.#parts.clock, RoundMeter.progressIntervalMs, () => {
      this.#meter.tick();
    });
    try {
      await migrate();
    } finally {
      cancel();
    }
  }

  resize(sizes: TransferSizes): void {
    this.#sender.resize(sizes);
    this.#orders.resize(sizes);
  }

  /** Once the migration has ended, nothing in the guest waits for the destination any more. */
  release(): void {
    this.#mirror?.stop();
  }

  /** Whether the destination has said that it has the whole guest. */
  get isCompleted(): boolean {
    return this.#server.isCompleted;
  }

  /** The pages known to be unsent just now. */
  get unsent(): PageSet {
    const unsent = new PageSet(this.#space.blockCount);
    unsent.addAll(this.#sender.unsentPages);
    return unsent;
  }

  /** Whether this migration stopped a running guest. */
  get hasStoppedGuest(): boolean {
    return this.#hasStoppedGuest;
  }

  /** Whether the lease of the guest's disk has been given back. */
  get hasReleasedDisk(): boolean {
    return this.#hasReleased;
  }

  /** What its strategy is given. */
  ports(): MigrationSession {
    const { machine, control, waiters } = this.#parts;
    const space = this.#space;
    return {
      guest: {
        deviceStateBytes: deviceStateBytesOf(machine.config),
        pause: () => this.#pause(),
        pauseVcpus: () => this.#pause(false),
      },
      memory: {
        pageCount: space.blockCount,
        bytesOf: (pages) => space.bytesOf(pages),
        noPages: () => new PageSet(space.blockCount),
        sync: () => this.#sync(),
        mustPrecopy: (pages) => space.mustPrecopy(pages),
        firstToSend: space.placed.find(({ region }) => !region.canPostcopy)?.base ?? 0,
        isDirty: (page) => {
          const { region, base } = space.at(page);
          return region.isDirty(page - base);
        },
        isZero: (page) => {
          const { region, base } = space.at(page);
          return region.isZero(page - base);
        },
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
      limits: control.limits,
      clock: this.#clock,
      roundEnded: (pagesDirtied) => {
        waiters.check();
        this.#meter.roundEnded(pagesDirtied);
      },
    };
  }

  #sync(): PageSet {
    const { migration, waiters } = this.#parts;
    waiters.check();
    this.#sender.ram.dirtySyncCount++;
    if (this.#space.named(diskRegion) !== undefined) this.#sender.disk.dirtySyncCount++;
    const isFirst = this.#isFirstSync;
    const dirtied = this.#space.gather((region) => {
      const drained = region.drainDirty();
      // The switch is about memory only: without a bitmap, a disk would never be complete before the switchover.
      const isKnown = !isFirst && (migration.transfer.dirtyBitmap || !region.canPostcopy);
      return isKnown ? drained : PageSet.all(region.blockCount);
    });
    this.#mirrorWhenDue(dirtied);
    this.#isFirstSync = false;
    this.#sender.toBeSent(dirtied);
    const { transferredBytes } = this.#sender;
    const dirtiedBytes = this.#space.bytesOf(dirtied);
    for (const capability of this.#capabilities.values())
      capability.synced?.({ dirtied, dirtiedBytes, transferredBytes, nowMs: this.#clock.nowMs() });
    return dirtied;
  }

  /**
   * A disk's writes are mirrored once rounds no longer halve its dirty part: another round would find as much again.
   */
  #mirrorWhenDue(dirtied: PageSet): void {
    if (this.#mirror === null || this.#mirror.isOn || !this.#parts.machine.isRunning) return;
    const { base, end } = this.#space.named(diskRegion)!;
    const found = dirtied.countIn(base, end);
    if (found > 0 && 2 * found > this.#diskDirtied) this.#mirror.start();
    this.#diskDirtied = found;
  }

  /** @param drains false: a shared disk goes on, and keeps its lease */
  async #pause(drains = true): Promise<void> {
    const { machine, migration, control, waiters } = this.#parts;
    // Once a migration has ended, the guest runs on, whatever its strategy still asks for.
    waiters.check();
    this.timeline.pauseRequestedAtMs = this.#clock.nowMs();
    const { continueMaxMs } = settingsOf(migration.capabilities);
    const waits = continueMaxMs > 0;
    control.status = waits ? 'pre-switchover' : 'device';
    this.#hasStoppedGuest ||= machine.isRunning;
    this.#sender.drain();
    await machine.pause(drains);
    this.#mirror?.stop();
    // It may have ended while the last vCPU was being stopped: its report is out, and the guest runs again.
    waiters.check();
    this.timeline.lastInstructionAtMs = machine.lastInstructionAtMs;
    if (machine.config.disk !== undefined) this.timeline.drainedAtMs = this.#clock.nowMs();
    if (waits) {
      await control.untilContinued(continueMaxMs);
      this.timeline.continuedAtMs = this.#clock.nowMs();
      control.status = 'device';
    }
    if (drains) await this.#release();
    this.#enter('downtime');
  }

  /** As QEMU's bdrv_inactivate_all: the guest has stopped, and its disk is the destination's to take. */
  async #release(): Promise<void> {
    const { machine, waiters } = this.#parts;
    if (machine.leasedDisk === null) return;
    // Even if there is no answer.
    this.#hasReleased = true;
    await waiters.unlessFailed(machine.leasedDisk.release());
    this.timeline.releasedAtMs = this.#clock.nowMs();
  }

  /** The cap of the phase. As in QEMU, the switchover has none; it stays for a guest stopped before its first page. */
  #setRate({ maxBandwidthMbps, maxPostcopyBandwidthMbps }: SessionArguments['limits']): void {
    const { phase } = this.#sender;
    const isSwitchover = phase === 'downtime' && this.#hasPrecopied;
    this.#sender.rateMbps =
      phase === 'postcopy' ? maxPostcopyBandwidthMbps : isSwitchover ? 0 : maxBandwidthMbps;
  }

  #enter(phase: TransferPhase): void {
    if (phase === 'downtime') this.#hasPrecopied = this.#sender.sentPages > 0;
    this.#sender.phase = phase;
    this.#setRate(this.#parts.control.limits);
    for (const capability of this.#capabilities.values()) capability.entered?.(phase);
    this.#meter.phaseChanged();
  }

  async #sendDeviceState(): Promise<void> {
    this.#parts.waiters.check();
    this.timeline.pagesSentAtMs = this.#clock.nowMs();
    await this.#orders.sendDeviceState();
    this.timeline.deviceStateSentAtMs = this.#clock.nowMs();
  }

  async #resume(mode: 'complete' | 'postcopy'): Promise<void> {
    const { control, migration } = this.#parts;
    control.passedPointOfNoReturn();
    this.#resumeMode = mode;
    this.#server.untilResumed().then(
      () => {
        this.#resumedAtMs = this.#clock.nowMs();
      },
      // A migration that has failed hears nothing more.
      () => undefined,
    );
    await this.#orders.resume(mode);
    if (mode === 'complete') return;
    // If the connection was lost meanwhile, this waits for the next one.
    if (!this.#recovery.isPaused) control.status = 'postcopy-active';
    // On one channel pages can't overtake the order to discard older copies; on several they could.
    if (migration.transfer.channels > 1) await this.#server.untilResumed();
    this.#enter('postcopy');
  }

  /** Hangs up. @param failure what the destination is told; null = the migration is complete. */
  async close(failure: unknown): Promise<void> {
    this.#recovery.close();
    await this.#server.close(failure);
  }

  /** Whether the migration has ended, and its end is noted. */
  get #isOver(): boolean {
    return this.timeline.endedAtMs > 0;
  }

  /** How far it is. */
  get info(): Omit<MigrationInfo, 'status'> {
    const { startedAtMs, activeAtMs, endedAtMs, pauseRequestedAtMs } = this.timeline;
    const { mbps, dirtyPagesRate } = this.#meter;
    const isBeforeSwitchover = !this.#isOver && pauseRequestedAtMs === null;
    const { disk } = this.#counters;
    return {
      totalTimeMs: (this.#isOver ? endedAtMs : this.#clock.nowMs()) - startedAtMs,
      setupTimeMs: activeAtMs === null ? null : activeAtMs - startedAtMs,
      downtimeMs: this.#downtimeMs,
      // Mb/s are thousands of bits per ms.
      expectedDowntimeMs:
        isBeforeSwitchover && mbps !== null && mbps > 0
          ? (this.#sender.remainingBytes * 8) / 1000 / mbps
          : null,
      mbps,
      dirtyPagesRate,
      remainingBytes: this.#sender.remainingBytesOf(ramRegion),
      ram: this.#counters.ram,
      ...(disk === undefined ? {} : { disk, diskRemainingBytes: this.#sender.remainingBytesOf(diskRegion) }),
    };
  }

  /** So far; null while the guest runs here, again or still. */
  get #downtimeMs(): number | null {
    const { machine } = this.#parts;
    const fromMs = this.timeline.lastInstructionAtMs;
    if (machine.isRunning || !this.#hasStoppedGuest || fromMs === null) return null;
    if (this.#resumedAtMs !== null) return this.#resumedAtMs - fromMs;
    return this.#isOver ? null : this.#clock.nowMs() - fromMs;
  }

  get #counters(): Pick<SourceReport, 'ram' | 'disk'> {
    const { disk } = this.#parts.machine.config;
    return {
      ram: {
        ...this.#sender.ram,
        paddingBytes: this.#orders.paddingBytes,
        lateRequestsDropped: this.#faults.lateRequestsDropped,
      },
      ...(disk === undefined ? {} : { disk: { ...this.#sender.disk, total: disk.sizeBytes } }),
    };
  }

  /** The part of the source's report that the session knows. */
  get report(): Pick<
    SourceReport,
    'timeline' | 'ram' | 'disk' | 'encodedPages' | 'capabilities' | 'recoveries'
  > {
    const told = [...this.#capabilities].flatMap(([name, capability]) => {
      const statistics = capability.statistics?.();
      return statistics === undefined ? [] : [[name, statistics]];
    });
    return {
      timeline: this.timeline,
      ...this.#counters,
      encodedPages: this.#sender.encodedPages,
      capabilities: Object.fromEntries(told) as SourceReport['capabilities'],
      recoveries: this.#recovery.recoveries,
    };
  }
}
