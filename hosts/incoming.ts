import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BulkMessage } from '../proto/bulk.ts';
import type { ArgumentOf, DestinationReport, DestinationTimeline } from '../proto/control.ts';
import { capabilityNames } from '../proto/capabilities.ts';
import { codeOf, LivemigError, messageOf, toErrorDocument } from '../proto/errors.ts';
import type { FromSource, SourceHello } from '../proto/migration.ts';
import { abortedBy, migrationVersion } from '../proto/migration.ts';
import { monotonicMs, pageSizeBytes } from '../proto/units.ts';
import { Announcer } from './announce.ts';
import { capabilitiesAtDestination, decodersOf } from './capabilities/index.ts';
import { deviceStateBytesOf, loadDeviceState } from './guest/device-state.ts';
import { faultCounters } from './guest/fault-counters.ts';
import type { Guest } from './guest/guest.ts';
import { DestinationClient } from './transfer/destination-client.ts';
import { PageReceiver } from './transfer/page-receiver.ts';
import { recoverMaxMs } from './recovery.ts';
import { Waiters } from './transfer/waiters.ts';

const wakeUpMaxMs = 5000;
const reconnectPauseMs = 250;
/** 32 KiB of bitmap. */
const receivedChunkPages = 1 << 18;

/** The link is there, and nobody listens. */
const isRefused = (error: unknown): boolean =>
  messageOf((error as Error).cause ?? error).includes('ECONNREFUSED');

type ResumeMessage = Extract<BulkMessage, { body: 'resume' }>['resume'];

/** The destination's part in one migration: takes pages and device state, runs the guest, asks for what is missing. */
export class IncomingMigration {
  readonly #guest: Guest;
  readonly #announcer: Announcer;
  readonly #arguments: ArgumentOf<'migrateIncoming'>;
  readonly #waiters = new Waiters();
  readonly #receiver: PageReceiver;
  #client: DestinationClient;
  /** Sequence of the last message in memory, by channel, and of the last one that the source was told of. */
  #received: number[] = [];
  #receipted: number[] = [];
  #connections = 0;
  #isReconnecting = false;
  #lostAtMs: number | null = null;
  readonly #requested = new Set<number>();
  readonly #deviceState: Buffer[] = [];
  readonly #timeline: DestinationTimeline = {
    connectedAtMs: null,
    deviceStateReceivedAtMs: null,
    deviceStateLoadedAtMs: null,
    firstInstructionAtMs: null,
    allPagesReceivedAtMs: null,
    endedAtMs: 0,
  };
  #deviceStateIsLoaded = false;
  #receiptsDue = false;
  #isResumed = false;
  #urgentSequence = 0;
  #faultsInStream = false;
  #isComplete = false;
  #isOver = false;

  constructor(guest: Guest, guestAddress: string, migration: ArgumentOf<'migrateIncoming'>) {
    this.#guest = guest;
    this.#arguments = migration;
    this.#announcer = new Announcer(guestAddress, migration.announceAddress, migration.announcePort);
    this.#receiver = new PageReceiver(guest.memory, () => {
      guest.wakeWaiters();
      for (const page of this.#requested) if (guest.memory.isPresent(page)) this.#requested.delete(page);
    });
    guest.onFault = (page) => {
      this.#requestPage(page);
    };
    this.#client = this.#connect(false);
  }

  /** @param recovers an earlier connection was lost. */
  #connect(recovers: boolean): DestinationClient {
    const { address, port, migrationId, tls } = this.#arguments;
    const connection = ++this.#connections;
    /** What a connection tells that has been given up is of no use. */
    const isOurs = (): boolean => connection === this.#connections;
    const client = new DestinationClient(
      `${address}:${port}`,
      migrationId,
      {
        control: (message) => {
          if (isOurs()) this.#guarded(() => this.#onControl(message));
        },
        bulk: (channel, message) => {
          if (isOurs()) this.#guarded(() => this.#onBulk(channel, message));
        },
        urgent: (message) => {
          if (isOurs()) this.#guarded(() => this.#onUrgent(message));
        },
        ended: () => {
          if (isOurs()) this.#ended();
        },
        lost: (error) => {
          if (isOurs()) this.#lost(error);
        },
      },
      { tls, isPatient: !recovers },
    );
    const resumed = this.#isResumed;
    client.send({
      hello: {
        version: migrationVersion,
        migrationId,
        capabilities: [...capabilityNames],
        recovers,
        resumed,
      },
    });
    return client;
  }

  /**
   * Before anything was agreed on there is nothing to recover. Afterwards only the source knows whether the guest may run
   * here: where it may not, nobody listens there any more.
   */
  #lost(error: unknown): void {
    if (this.#isOver || this.#waiters.failed) return;
    const nowMs = monotonicMs();
    this.#lostAtMs ??= nowMs;
    const isHopeless =
      this.#timeline.connectedAtMs === null ||
      nowMs - this.#lostAtMs > recoverMaxMs ||
      (this.#isReconnecting && isRefused(error));
    this.#client.close();
    if (isHopeless && this.#isComplete) this.#ended();
    else if (isHopeless) {
      this.#waiters.fail(error);
    } else this.#reconnect();
  }

  /** That it has the whole guest the source must have heard. */
  #ended(): void {
    if (this.#isComplete) {
      this.#isOver = true;
      this.#waiters.poke();
    } else
      this.#lost(
        new LivemigError('PROTOCOL_VIOLATION', 'the source hung up before the migration was complete'),
      );
  }

  #reconnect(): void {
    this.#isReconnecting = true;
    this.#connections++;
    this.#forgetConnection();
    setTimeout(() => {
      if (!this.#waiters.failed) this.#client = this.#connect(true);
    }, reconnectPauseMs);
  }

  /** Sequences count anew, and half a device state is none. */
  #forgetConnection(): void {
    this.#received.fill(0);
    this.#receipted.fill(0);
    this.#urgentSequence = 0;
    if (!this.#isResumed) {
      this.#deviceState.length = 0;
      this.#deviceStateIsLoaded = false;
    }
  }

  /** Says which pages are here, before new ones come. */
  #sendReceived(): void {
    const { memory } = this.#guest;
    for (let firstPage = 0; firstPage < memory.pageCount; firstPage += receivedChunkPages) {
      const count = Math.min(receivedChunkPages, memory.pageCount - firstPage);
      const bitmap = Buffer.alloc(Math.ceil(count / 8));
      for (let index = 0; index < count; index++)
        if (memory.isPresent(firstPage + index)) bitmap[index >>> 3]! |= 1 << (index & 7);
      this.#client.send({ received: { firstPage, bitmap } });
    }
  }

  /** Takes part until the migration has ended, well or not. Never throws: the report says what happened. */
  async run(): Promise<DestinationReport> {
    let failure: unknown = null;
    try {
      await this.#waiters.until(() => this.#isOver);
    } catch (error) {
      failure = error;
    }
    this.#client.close();
    if (!this.#isResumed) this.#announcer.close();
    else this.#timeline.firstInstructionAtMs = await this.#firstInstruction();
    this.#timeline.endedAtMs = monotonicMs();
    return {
      status: failure === null ? 'completed' : 'failed',
      error: failure === null ? null : toErrorDocument(failure),
      timeline: this.#timeline,
      pagesReceived: this.#receiver.pagesReceived,
      zeroPagesReceived: this.#receiver.zeroPagesReceived,
      encodedPagesReceived: this.#receiver.encodedPagesReceived,
      duplicateArrivals: this.#receiver.duplicateArrivals,
      faults: faultCounters(this.#guest.buffers),
    };
  }

  /** The guest was resumed, but on a busy machine its threads may not have woken yet. Null = none did in time. */
  async #firstInstruction(): Promise<number | null> {
    for (let waitedMs = 0; this.#guest.firstInstructionAtMs === null && waitedMs < wakeUpMaxMs; waitedMs++)
      await sleep(1);
    return this.#guest.firstInstructionAtMs;
  }

  /** Runs a handler; what it throws ends the migration, and the source is told why. */
  #guarded(handle: () => void): void {
    if (this.#waiters.failed) return;
    try {
      handle();
    } catch (error) {
      this.#client.send({ abort: { code: codeOf(error), reason: messageOf(error) } });
      this.#waiters.fail(error);
    }
    this.#waiters.poke();
  }

  #onControl(message: FromSource): void {
    if ('hello' in message) this.#onHello(message.hello);
    else if ('barrier' in message) {
      const { id, after } = message.barrier;
      this.#then(after, () => {
        this.#client.send({ barrierReached: { id } });
      });
    } else if ('allPagesSent' in message) {
      const { after } = message.allPagesSent;
      this.#then(after, () => {
        this.#finish();
      });
    } else if ('abort' in message) {
      const error = abortedBy('source', message.abort);
      // It may not have noticed yet that the connection before this one is lost.
      if (this.#isReconnecting) this.#lost(error);
      else this.#waiters.fail(error);
    } else throw new LivemigError('PROTOCOL_VIOLATION', 'the source sent an empty control message');
  }

  #onHello(hello: SourceHello): void {
    const expected = {
      version: migrationVersion,
      migrationId: this.#arguments.migrationId,
      pageSizeBytes,
      pageCount: this.#guest.memory.pageCount,
      vcpus: this.#guest.config.vcpus,
      deviceStateBytes: deviceStateBytesOf(this.#guest.config),
    };
    for (const [field, value] of Object.entries(expected)) {
      const got = hello[field as keyof typeof expected];
      if (got !== value)
        throw new LivemigError('PROTOCOL_VIOLATION', `expected a source with ${field} ${value}, got ${got}`);
    }
    this.#faultsInStream = hello.faultsInStream;
    if (!this.#isReconnecting)
      this.#receiver.decoders = decodersOf(capabilitiesAtDestination(hello.capabilities, this.#guest.memory));
    this.#received = Array.from({ length: hello.channels }, () => 0);
    this.#receipted = [...this.#received];
    this.#client.openChannels(hello.channels);
    if (this.#isReconnecting) this.#sendReceived();
    this.#client.send({ ready: {} });
    this.#timeline.connectedAtMs ??= monotonicMs();
    // Asked for over the connection that was lost.
    for (const page of this.#requested)
      if (!this.#guest.memory.isPresent(page)) this.#client.requestPage(page);
    this.#isReconnecting = false;
    this.#lostAtMs = null;
  }

  /** Does something as soon as the named sequences are in memory. */
  #then(after: number[], act: () => void): void {
    const connection = this.#connections;
    const isOver = (): boolean => connection !== this.#connections;
    void this.#waiters
      .until(() => isOver() || after.every((sequence, channel) => (this.#received[channel] ?? 0) >= sequence))
      .then(
        () => {
          // What was sent over a connection that was lost is sent again.
          if (!isOver()) this.#guarded(act);
        },
        // The failure that ended the wait is reported by run().
        () => undefined,
      );
  }

  #onBulk(channel: number, message: BulkMessage): void {
    const expected = (this.#received[channel] ?? 0) + 1;
    if (message.sequence !== expected)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected message ${expected} on channel ${channel}, got ${message.sequence}`,
      );
    if (message.body === 'pages') this.#receiver.receive(message.pages);
    else if (message.body === 'discard') this.#receiver.discard(message.discard.runs);
    else if (message.body === 'deviceState') this.#takeDeviceState(message.deviceState);
    else if (message.body === 'resume') this.#takeResume(message.resume);
    this.#received[channel] = expected;
    if (!this.#receiptsDue) {
      this.#receiptsDue = true;
      setImmediate(() => {
        this.#sendReceipts();
      });
    }
  }

  /** One receipt for all messages that one turn of the event loop brought. */
  #sendReceipts(): void {
    this.#receiptsDue = false;
    for (const [channel, sequence] of this.#received.entries()) {
      if (sequence === this.#receipted[channel]) continue;
      this.#receipted[channel] = sequence;
      this.#client.send({ receipt: { channel, sequence } });
    }
  }

  #onUrgent(message: BulkMessage): void {
    if (this.#faultsInStream)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        'expected requested pages on the bulk stream, as the hello says',
      );
    const expected = ++this.#urgentSequence;
    if (message.sequence !== expected || message.body !== 'pages')
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected pages ${expected} on the fault stream, got ${message.body} ${message.sequence}`,
      );
    this.#receiver.receive(message.pages);
    if (this.#receiver.missingCount === 0) this.#timeline.allPagesReceivedAtMs ??= monotonicMs();
  }

  #takeDeviceState({ state, digest }: { state: Buffer; digest: Buffer }): void {
    this.#deviceState.push(state);
    if (digest.length === 0) return;
    const whole = Buffer.concat(this.#deviceState);
    this.#timeline.deviceStateReceivedAtMs = monotonicMs();
    if (!createHash('sha256').update(whole).digest().equals(digest))
      throw new LivemigError('PROTOCOL_VIOLATION', 'the device state does not match its digest');
    loadDeviceState(this.#guest.config, this.#guest.buffers, whole);
    this.#deviceStateIsLoaded = true;
    this.#timeline.deviceStateLoadedAtMs = monotonicMs();
  }

  #takeResume({ mode, after }: ResumeMessage): void {
    this.#then(after, () => {
      if (!this.#deviceStateIsLoaded)
        throw new LivemigError('PROTOCOL_VIOLATION', 'expected the device state before the order to resume');
      if (mode === 'COMPLETE' && this.#receiver.missingCount > 0)
        throw new LivemigError(
          'PROTOCOL_VIOLATION',
          `expected complete memory at the order to resume, ${this.#receiver.missingCount} pages are missing`,
        );
      // It may have been sent twice, when the connection was lost in between.
      if (this.#isResumed) return;
      this.#receiver.guestRuns = true;
      this.#isResumed = true;
      // As QEMU, which announces before it lets the guest run: the news travels while the vCPUs' threads wake up.
      this.#announcer.announce();
      this.#guest.resume();
      this.#client.send({ resumed: {} });
    });
  }

  #requestPage(page: number): void {
    if (this.#requested.has(page)) return;
    if (this.#guest.memory.isPresent(page)) return;
    this.#requested.add(page);
    this.#client.requestPage(page);
  }

  /** Every bulk page is here; requested ones may still be on their way. */
  #finish(): void {
    const missing = (): number => this.#receiver.missingCount;
    if (missing() > this.#requested.size)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `the source says that it has sent every page, but ${missing()} are missing`,
      );
    void this.#waiters
      .until(() => missing() === 0)
      .then(
        () => {
          this.#timeline.allPagesReceivedAtMs ??= monotonicMs();
          this.#client.send({ completed: { pages: this.#receiver.presentCount } });
          this.#isComplete = true;
          this.#waiters.poke();
        },
        () => undefined,
      );
  }
}
