import { setTimeout as sleep } from 'node:timers/promises';
import type { BulkMessage } from '../proto/bulk.ts';
import type { ArgumentOf, DestinationReport, DestinationTimeline } from '../proto/control.ts';
import { capabilityNames } from '../proto/capabilities.ts';
import { codeOf, LivemigError, messageOf, toErrorDocument } from '../proto/errors.ts';
import { leastTimeouts } from '../proto/link-timeouts.ts';
import type { FromSource, SourceHello } from '../proto/migration.ts';
import { abortedBy, migrationVersion } from '../proto/migration.ts';
import { monotonicMs } from '../proto/units.ts';
import { Announcer } from './announce.ts';
import { capabilitiesAtDestination, decodersOf } from './capabilities/index.ts';
import { deviceStateBytesOf, loadRegisters, registerBytesOf } from './guest/device-state.ts';
import { faultCounters } from './guest/fault-counters.ts';
import type { Guest } from './guest/guest.ts';
import { IncomingDeviceState } from './transfer/incoming-device-state.ts';
import { PageReceiver } from './transfer/page-receiver.ts';
import { violation } from './transfer/phase-machine.ts';
import { receivedChunks } from './transfer/received-bitmap.ts';
import { Receipts } from './transfer/receipts.ts';
import { RulesAtDestination } from './transfer/rules-at-destination.ts';
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
  /** The guest runs here, with every page: the source is to hear of it, or has heard. */
  #isComplete = false;
  #isOver = false;

  constructor(guest: Guest, guestAddress: string, migration: ArgumentOf<'migrateIncoming'>) {
    this.#guest = guest;
    this.#arguments = migration;
    const deviceStateBytes = deviceStateBytesOf(guest.config);
    this.#deviceState = new IncomingDeviceState(deviceStateBytes, registerBytesOf(guest.config));
    this.#rules = new RulesAtDestination(
      {
        migrationId: migration.migrationId,
        pageCount: guest.memory.pageCount,
        vcpus: guest.config.vcpus,
        deviceStateBytes,
      },
      (channel) => this.#receipts.last(channel),
    );
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
    const { address, port, migrationId, tls, timeouts = leastTimeouts } = this.#arguments;
    return new SourceLink({
      target: `${address}:${port}`,
      tls,
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
    this.#rules.connectionLost();
    this.#receiver.connectionLost();
    this.#deviceState.restart();
  }

  /** Takes part until the migration has ended, well or not. Never throws: the report says what happened. */
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
    if (!this.#rules.isResumed) this.#announcer.close();
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

  /** Does something as soon as the named sequences are in memory, and what else is to be. */
  #then(after: readonly number[], act: () => void, isDue: () => boolean = () => true): void {
    const connection = this.#source.connections;
    const isOver = (): boolean => connection !== this.#source.connections;
    void this.#waiters
      .until(() => isOver() || (this.#receipts.has(after) && isDue()))
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
    this.#rules.arrived(channel, message);
    if (message.body === 'pages') this.#receiver.receive(message.pages);
    else if (message.body === 'discard') this.#receiver.discard(message.discard.runs);
    else if (message.body === 'deviceState') this.#takeDeviceState(message.deviceState);
    else if (message.body === 'resume') this.#takeResume(message.resume);
    this.#receipts.arrived(channel, message.sequence);
  }

  #onUrgent(message: BulkMessage): void {
    this.#rules.answered(message, (page) => this.#requested.has(page));
    if (message.body === 'pages') this.#receiver.receive(message.pages);
    if (this.#receiver.missingCount === 0) this.#timeline.allPagesReceivedAtMs ??= monotonicMs();
  }

  #takeDeviceState(chunk: { state: Buffer; digest: Buffer }): void {
    const arrivedAtMs = monotonicMs();
    const registers = this.#deviceState.take(chunk);
    this.#rules.stateTaken(registers !== null);
    if (registers === null) return;
    this.#timeline.deviceStateReceivedAtMs = arrivedAtMs;
    loadRegisters(this.#guest.buffers, registers);
    this.#timeline.deviceStateLoadedAtMs = monotonicMs();
  }

  #takeResume({ mode, after }: ResumeMessage): void {
    this.#then(after, () => {
      if (mode === 'COMPLETE' && this.#receiver.missingCount > 0)
        throw violation(
          `expected complete memory at the order to resume, ${this.#receiver.missingCount} pages are missing`,
        );
      this.#receiver.guestRuns = true;
      this.#rules.resumed();
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

  /** Every bulk page is here; requested ones may still be on their way, and so may the moment to resume. */
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
        this.#timeline.allPagesReceivedAtMs ??= monotonicMs();
        this.#source.client.send({ completed: { pages: this.#receiver.presentCount } });
        this.#isComplete = true;
      },
      () => this.#receiver.missingCount === 0,
    );
  }
}
