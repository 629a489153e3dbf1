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
import type { DestinationClientEvents } from './transfer/destination-client.ts';
import { PageReceiver } from './transfer/page-receiver.ts';
import { Waiters } from './transfer/waiters.ts';

const wakeUpMaxMs = 5000;

type ResumeMessage = Extract<BulkMessage, { body: 'resume' }>['resume'];

/** The destination's part in one migration: takes pages and device state, runs the guest, asks for what is missing. */
export class IncomingMigration {
  readonly #guest: Guest;
  readonly #announcer: Announcer;
  readonly #arguments: ArgumentOf<'migrateIncoming'>;
  readonly #waiters = new Waiters();
  readonly #receiver: PageReceiver;
  readonly #client: DestinationClient;
  /** Sequence of the last message in memory, by channel, and of the last one that the source was told of. */
  readonly #received: number[] = [];
  readonly #receipted: number[] = [];
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
    const target = `${migration.address}:${migration.port}`;
    const events: DestinationClientEvents = {
      control: (message) => {
        this.#guarded(() => {
          this.#onControl(message);
        });
      },
      bulk: (channel, message) => {
        this.#guarded(() => {
          this.#onBulk(channel, message);
        });
      },
      urgent: (message) => {
        this.#guarded(() => {
          this.#onUrgent(message);
        });
      },
      lost: (error) => {
        this.#waiters.fail(error);
      },
    };
    this.#client = new DestinationClient(target, migration.migrationId, events, migration.tls);
    const { migrationId } = migration;
    this.#client.send({
      hello: { version: migrationVersion, migrationId, capabilities: [...capabilityNames] },
    });
  }

  /** Takes part until the migration has ended, well or not. Never throws: the report says what happened. */
  async run(): Promise<DestinationReport> {
    let failure: unknown = null;
    try {
      await this.#waiters.until(() => this.#isComplete);
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
      this.#waiters.fail(abortedBy('source', message.abort));
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
    const capabilities = capabilitiesAtDestination(hello.capabilities, this.#guest.memory);
    this.#receiver.decoders = decodersOf(capabilities);
    for (let channel = 0; channel < hello.channels; channel++) {
      this.#received.push(0);
      this.#receipted.push(0);
    }
    this.#client.openChannels(hello.channels);
    this.#client.send({ ready: {} });
    this.#timeline.connectedAtMs = monotonicMs();
  }

  /** Does something as soon as the named sequences are in memory. */
  #then(after: number[], act: () => void): void {
    void this.#waiters
      .until(() => after.every((sequence, channel) => (this.#received[channel] ?? 0) >= sequence))
      .then(
        () => {
          this.#guarded(act);
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
