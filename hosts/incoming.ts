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
import { PageReceiver } from './transfer/page-receiver.ts';
import { receivedChunks } from './transfer/received-bitmap.ts';
import { Receipts } from './transfer/receipts.ts';
import { SourceLink } from './transfer/source-link.ts';
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
  readonly #source: SourceLink;
  readonly #receipts = new Receipts((channel, sequence) => {
    this.#source.client.send({ receipt: { channel, sequence } });
  });
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
    this.#source = this.#connect();
  }

  #connect(): SourceLink {
    const { address, port, migrationId, tls } = this.#arguments;
    return new SourceLink({
      target: `${address}:${port}`,
      tls,
      hello: (recovers) => ({
        version: migrationVersion,
        migrationId,
        capabilities: [...capabilityNames],
        recovers,
        resumed: this.#isResumed,
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
        ended: () => {
          if (this.#isComplete) this.#end();
          return this.#isComplete;
        },
        lost: () => {
          this.#forgetConnection();
        },
        gone: (error) => {
          // That it has the whole guest the source must have heard.
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

  /** Sequences count anew, and half a device state is none. */
  #forgetConnection(): void {
    this.#receipts.open(0);
    this.#urgentSequence = 0;
    if (!this.#isResumed) {
      this.#deviceState.length = 0;
      this.#deviceStateIsLoaded = false;
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
    this.#source.close();
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
      this.#source.client.send({ abort: { code: codeOf(error), reason: messageOf(error) } });
      this.#waiters.fail(error);
    }
    this.#waiters.poke();
  }

  #onControl(message: FromSource): void {
    if ('hello' in message) this.#onHello(message.hello);
    else if ('barrier' in message) {
      const { id, after } = message.barrier;
      this.#then(after, () => {
        this.#source.client.send({ barrierReached: { id } });
      });
    } else if ('allPagesSent' in message) {
      const { after } = message.allPagesSent;
      this.#then(after, () => {
        this.#finish();
      });
    } else if ('abort' in message) {
      const error = abortedBy('source', message.abort);
      // It may not have noticed yet that the connection before this one is lost.
      if (this.#source.isReconnecting) this.#source.lost(error);
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
    const { client, isReconnecting } = this.#source;
    if (!isReconnecting)
      this.#receiver.decoders = decodersOf(capabilitiesAtDestination(hello.capabilities, this.#guest.memory));
    this.#receipts.open(hello.channels);
    client.openChannels(hello.channels);
    const { memory } = this.#guest;
    if (isReconnecting)
      for (const received of receivedChunks(memory.pageCount, (page) => memory.isPresent(page)))
        client.send({ received });
    client.send({ ready: {} });
    this.#timeline.connectedAtMs ??= monotonicMs();
    // Asked for over the connection that was lost.
    for (const page of this.#requested) if (!memory.isPresent(page)) client.requestPage(page);
    this.#source.agreed();
  }

  /** Does something as soon as the named sequences are in memory. */
  #then(after: number[], act: () => void): void {
    const connection = this.#source.connections;
    const isOver = (): boolean => connection !== this.#source.connections;
    void this.#waiters
      .until(() => isOver() || this.#receipts.has(after))
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
    this.#receipts.expect(channel, message.sequence);
    if (message.body === 'pages') this.#receiver.receive(message.pages);
    else if (message.body === 'discard') this.#receiver.discard(message.discard.runs);
    else if (message.body === 'deviceState') this.#takeDeviceState(message.deviceState);
    else if (message.body === 'resume') this.#takeResume(message.resume);
    this.#receipts.arrived(channel, message.sequence);
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
      this.#source.client.send({ resumed: {} });
    });
  }

  #requestPage(page: number): void {
    if (this.#requested.has(page)) return;
    if (this.#guest.memory.isPresent(page)) return;
    this.#requested.add(page);
    this.#source.client.requestPage(page);
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
          this.#source.client.send({ completed: { pages: this.#receiver.presentCount } });
          this.#isComplete = true;
          this.#waiters.poke();
        },
        () => undefined,
      );
  }
}
