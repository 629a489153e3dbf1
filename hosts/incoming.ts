import type { BulkMessage } from '#proto/bulk';
import type { ArgumentOf, DestinationReport, DestinationTimeline } from '#proto/control';
import { capabilitiesAtDestination, capabilityNames, decodersOf } from '#catalogue/capabilities';
import { LivemigError, toErrorDocument } from '#proto/errors';
import { leastTimeouts } from '#proto/link-timeouts';
import type { AgentEvent } from '#proto/events';
import type { FromSource, PageRequest, SourceHello } from '#proto/migration';
import { abortedBy, abortFor, migrationVersion } from '#proto/migration';
import type { Announcements } from './announce.ts';
import type { MigrationClock } from './clock.ts';
import { sleep } from './clock.ts';
import { deviceStateBytesOf, registerBytesOf } from './guest/device-state.ts';
import { BlockSpace } from './block-space.ts';
import type { Machine } from './machine.ts';
import type { Region } from './region.ts';
import { IncomingDeviceState } from './transfer/incoming-device-state.ts';
import { loggedDestinationWire } from './transfer/logged-wire.ts';
import { messageLog } from './transfer/message-log.ts';
import type { MessageLog } from './transfer/message-log.ts';
import { PageReceiver } from './transfer/page-receiver.ts';
import { violation } from './transfer/phase-machine.ts';
import { receivedChunks } from './transfer/received-bitmap.ts';
import { Receipts } from './transfer/receipts.ts';
import { RulesAtDestination } from './transfer/rules-at-destination.ts';
import { SourceLink } from './transfer/source-link.ts';
import { Waiters } from './transfer/waiters.ts';
import type { DestinationWire } from './transfer/wire.ts';

const wakeUpMaxMs = 5000;
type ResumeMessage = Extract<BulkMessage, { body: 'resume' }>['resume'];

/** What the migration itself needs of the destination's orders. Its wire knows where the source is. */
export type IncomingArguments = Pick<ArgumentOf<'migrateIncoming'>, 'migrationId' | 'timeouts'>;

export interface IncomingPorts {
  clock: MigrationClock;
  wire: DestinationWire;
  announcements: Announcements;
  emit: (event: AgentEvent) => void;
}

/**
 * The destination's part in one migration: receives pages and device state, runs the guest, requests what is missing.
 */
export class IncomingMigration {
  readonly #guest: Machine;
  readonly #space: BlockSpace<Region>;
  readonly #clock: MigrationClock;
  readonly #wire: DestinationWire;
  readonly #log: MessageLog;
  readonly #emit: IncomingPorts['emit'];
  readonly #announcements: Announcements;
  readonly #arguments: IncomingArguments;
  readonly #waiters = new Waiters();
  readonly #receiver: PageReceiver;
  readonly #source: SourceLink;
  readonly #receipts: Receipts;
  /** Blocks, numbered across all regions. */
  readonly #requested = new Set<number>();
  readonly #deviceState: IncomingDeviceState;
  readonly #rules: RulesAtDestination;
  readonly #timeline: DestinationTimeline = {
    connectedAtMs: null,
    deviceStateReceivedAtMs: null,
    deviceStateLoadedAtMs: null,
    firstInstructionAtMs: null,
    allPagesReceivedAtMs: null,
    endedAtMs: 0,
  };
  /** The guest runs here, with every page: the source is told, or has been. */
  #isComplete = false;
  #isOver = false;

  constructor(
    guest: Machine,
    migration: IncomingArguments,
    { clock, wire, announcements, emit }: IncomingPorts,
  ) {
    this.#guest = guest;
    this.#space = new BlockSpace(guest.regions);
    this.#clock = clock;
    this.#log = messageLog(clock);
    this.#wire = loggedDestinationWire(wire, this.#log);
    this.#emit = emit;
    this.#announcements = announcements;
    this.#receipts = new Receipts(clock, (channel, sequence) => {
      this.#source.client.send({ receipt: { channel, sequence } });
    });
    this.#arguments = migration;
    const deviceStateBytes = deviceStateBytesOf(guest.config);
    this.#deviceState = new IncomingDeviceState(deviceStateBytes, registerBytesOf(guest.config));
    this.#rules = new RulesAtDestination(
      {
        migrationId: migration.migrationId,
        regions: this.#space.shapes,
        vcpus: guest.config.vcpus,
        deviceStateBytes,
      },
      (channel) => this.#receipts.last(channel),
    );
    this.#receiver = new PageReceiver(this.#space, () => {
      guest.wakeWaiters();
      for (const block of this.#requested) if (this.#isPresent(block)) this.#requested.delete(block);
    });
    guest.onFault = (block) => {
      this.#requestBlock(block);
    };
    this.#source = this.#connect();
  }

  #connect(): SourceLink {
    const { migrationId, timeouts = leastTimeouts } = this.#arguments;
    return new SourceLink({
      wire: this.#wire,
      clock: this.#clock,
      timeouts,
      arrivedPages: () => this.#receiver.presentCount,
      hello: (recovers) => ({
        version: migrationVersion,
        migrationId,
        capabilities: [...capabilityNames],
        recovers,
        resumed: this.#rules.isResumed,
      }),
      events: {
        control: (message) => {
          this.#guarded(() => this.#onControl(message));
        },
        bulk: (channel, message) => {
          this.#guarded(() => this.#onBulk(channel, message));
        },
        urgent: (message) => {
          this.#guarded(() => this.#onUrgent(message));
        },
        violated: (error) => {
          this.#guarded(() => {
            throw error;
          });
        },
        ended: () => {
          if (this.#isComplete) this.#end();
          return this.#isComplete;
        },
        lost: () => {
          this.#forgetConnection();
        },
        gone: (error) => {
          // The source must have been told that the destination has the whole guest.
          if (this.#isComplete) this.#end();
          else this.#waiters.fail(error);
        },
      },
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#waiters.poke();
  }

  /** Sequence numbers start over, and a partial device state is discarded. */
  #forgetConnection(): void {
    this.#receipts.open(0);
    this.#rules.connectionLost();
    this.#receiver.connectionLost();
    this.#deviceState.restart();
  }

  /** Takes part until the migration has ended, successfully or not. Never throws: the report says what happened. */
  async run(stopSignal?: AbortSignal): Promise<DestinationReport> {
    let failure: unknown = null;
    stopSignal?.addEventListener('abort', () => {
      this.#waiters.fail(new LivemigError('CANCELLED', 'the destination closes'));
    });
    try {
      await this.#waiters.until(() => this.#isOver);
    } catch (error) {
      failure = error;
    }
    this.#source.close();
    if (!this.#rules.isResumed) this.#announcements.close();
    else this.#timeline.firstInstructionAtMs = await this.#firstInstruction();
    this.#timeline.endedAtMs = this.#clock.nowMs();
    const { counters, ...first } = this.#guest.faults;
    const atMs = this.#clock.nowMs();
    this.#emit({ type: 'messages', atMs, host: 'destination', ...this.#log.told });
    if (counters.count > 0) this.#emit({ type: 'faults', atMs, ...first });
    return {
      status: failure === null ? 'completed' : 'failed',
      error: failure === null ? null : toErrorDocument(failure),
      timeline: this.#timeline,
      received: this.#receiver.received,
      duplicateArrivals: this.#receiver.duplicateArrivals,
      faults: counters,
    };
  }

  /** The guest was resumed, but on a busy machine its threads may not have woken yet. Null = none woke in time. */
  async #firstInstruction(): Promise<number | null> {
    // Not one of the migration's own waits, which have ended or failed by now.
    const waiters = new Waiters();
    for (let waitedMs = 0; this.#guest.firstInstructionAtMs === null && waitedMs < wakeUpMaxMs; waitedMs++)
      await sleep(this.#clock, waiters, 1);
    return this.#guest.firstInstructionAtMs;
  }

  /** Runs a handler; what it throws ends the migration, and the source is told why. */
  #guarded(handle: () => void): void {
    if (this.#waiters.failed) return;
    try {
      handle();
    } catch (error) {
      this.#source.client.send({ abort: abortFor(error) });
      this.#waiters.fail(error);
    }
    this.#waiters.poke();
  }

  #onControl(message: FromSource): void {
    this.#rules.heard(message);
    if ('hello' in message) this.#onHello(message.hello);
    else if ('barrier' in message) {
      const { id, after } = message.barrier;
      this.#then(after, () => {
        this.#rules.barrierReached();
        this.#source.client.send({ barrierReached: { id } });
      });
    } else if ('allPagesSent' in message)
      this.#then(message.allPagesSent.after, () => {
        this.#finish();
      });
    else if ('abort' in message) {
      const error = abortedBy('source', message.abort);
      // It may not have noticed yet that the connection before this one is lost.
      if (this.#source.isReconnecting) this.#source.lost(error);
      else this.#waiters.fail(error);
    }
  }

  #onHello(hello: SourceHello): void {
    const { client, isReconnecting } = this.#source;
    if (!isReconnecting)
      this.#receiver.decoders = decodersOf(capabilitiesAtDestination(hello.capabilities, this.#guest.memory));
    this.#receipts.open(hello.channels);
    client.openChannels(hello.channels);
    if (isReconnecting) for (const received of receivedChunks(this.#space)) client.send({ received });
    client.send({ ready: {} });
    this.#timeline.connectedAtMs ??= this.#clock.nowMs();
    // Requested over the lost connection.
    for (const block of this.#requested)
      if (!this.#isPresent(block)) client.requestPage(this.#requestOf(block));
    this.#source.agreed();
  }

  /** Acts as soon as the named messages are in memory, and anything else required is too. */
  #then(after: readonly number[], act: () => void, isDue: () => boolean = () => true): void {
    const connection = this.#source.connections;
    const isOver = (): boolean => connection !== this.#source.connections;
    void this.#waiters
      .until(() => isOver() || (this.#receipts.has(after) && isDue()))
      .then(
        () => {
          // What was sent over a lost connection is sent again.
          if (!isOver()) this.#guarded(act);
        },
        // The failure that ended the wait is reported by run().
        () => undefined,
      );
  }

  #onBulk(channel: number, message: BulkMessage): void {
    this.#receipts.expect(channel, message.sequence);
    this.#rules.arrived(channel, message);
    if (message.body === 'pages') this.#receiver.receive(message.pages);
    else if (message.body === 'discard') this.#receiver.discard(message.discard);
    else if (message.body === 'deviceState') this.#takeDeviceState(message.deviceState);
    else if (message.body === 'resume') this.#takeResume(message.resume);
    this.#receipts.arrived(channel, message.sequence);
  }

  #onUrgent(message: BulkMessage): void {
    this.#rules.answered(message, (region, page) => {
      const base = this.#space.named(region)?.base;
      return base !== undefined && this.#requested.has(base + page);
    });
    if (message.body === 'pages') this.#receiver.receive(message.pages);
    if (this.#receiver.missingCount === 0) this.#timeline.allPagesReceivedAtMs ??= this.#clock.nowMs();
  }

  #takeDeviceState(chunk: { state: Buffer; digest: Buffer }): void {
    const arrivedAtMs = this.#clock.nowMs();
    const registers = this.#deviceState.take(chunk);
    this.#rules.stateTaken(registers !== null);
    if (registers === null) return;
    this.#timeline.deviceStateReceivedAtMs = arrivedAtMs;
    this.#guest.loadRegisters(registers);
    this.#timeline.deviceStateLoadedAtMs = this.#clock.nowMs();
  }

  #takeResume({ mode, after }: ResumeMessage): void {
    this.#then(after, () => {
      if (mode === 'COMPLETE' && this.#receiver.missingCount > 0)
        throw violation(
          `expected complete memory at the order to resume, ${this.#receiver.missingCount} pages are missing`,
        );
      if (this.#receiver.missingToRun > 0)
        throw violation(
          `expected a complete disk at the order to resume, ${this.#receiver.missingToRun} blocks are missing`,
        );
      this.#activateDisk();
    });
  }

  /** As QEMU's bdrv_activate_all: before the guest runs here, its disk is this host's. */
  #activateDisk(): void {
    const { leasedDisk } = this.#guest;
    if (leasedDisk === null) {
      this.#runGuest();
      return;
    }
    if (this.#timeline.leaseAskedAtMs === undefined) {
      this.#timeline.leaseAskedAtMs = this.#clock.nowMs();
      leasedDisk.acquire().then(
        () => {
          this.#timeline.leasedAtMs = this.#clock.nowMs();
          this.#waiters.poke();
        },
        (error: unknown) => {
          this.#guarded(() => {
            throw error;
          });
        },
      );
    }
    // An order over a connection that is lost meanwhile is given again.
    this.#then(
      [],
      () => {
        this.#runGuest();
      },
      () => this.#timeline.leasedAtMs !== undefined,
    );
  }

  #runGuest(): void {
    this.#receiver.guestRuns = true;
    this.#rules.resumed();
    // As QEMU, which announces before it lets the guest run: the news travels while the vCPUs' threads wake up.
    this.#announcements.announce();
    this.#guest.resume();
    this.#source.client.send({ resumed: {} });
  }

  #isPresent(block: number): boolean {
    const { region, base } = this.#space.at(block);
    return region.isPresent(block - base);
  }

  #requestOf(block: number): PageRequest {
    const { region, base } = this.#space.at(block);
    return { region: region.id, page: block - base };
  }

  #requestBlock(block: number): void {
    if (this.#requested.has(block)) return;
    if (this.#isPresent(block)) return;
    this.#requested.add(block);
    this.#source.client.requestPage(this.#requestOf(block));
  }

  /** Every bulk page is here; requested ones, and the order to resume, may still be on their way. */
  #finish(): void {
    this.#rules.allPagesHere(this.#receiver.missingCount, this.#requested.size);
    this.#then(
      [],
      () => {
        this.#rules.allPagesTaken();
        this.#awaitAnswers();
      },
      () => this.#rules.phase !== 'resuming',
    );
  }

  #awaitAnswers(): void {
    this.#then(
      [],
      () => {
        this.#rules.completed();
        this.#timeline.allPagesReceivedAtMs ??= this.#clock.nowMs();
        this.#source.client.send({ completed: { pages: this.#receiver.presentCount } });
        this.#isComplete = true;
      },
      () => this.#receiver.missingCount === 0,
    );
  }
}
