import type { BulkMessage } from '#proto/bulk';
import { LivemigError } from '#proto/errors';
import type { LinkTimeouts } from '#proto/link-timeouts';
import type { FaultMessage, FromDestination, FromSource, PageRequest } from '#proto/migration';
import type { Cancel, MigrationClock } from '../clock.ts';
import { isUnreadable } from './unreadable.ts';
import type { DestinationWire, Dialled, MessageStream } from './wire.ts';

export interface DestinationClientParts {
  wire: DestinationWire;
  clock: MigrationClock;
  timeouts: LinkTimeouts;
  migrationId: string;
  /** Whether to wait for a source that doesn't listen yet. */
  isPatient: boolean;
}

export interface DestinationClientEvents {
  control(message: FromSource): void;
  bulk(channel: number, message: BulkMessage): void;
  urgent(message: BulkMessage): void;
  /** The source has hung up. */
  ended(): void;
  /** The source, or the way to it, is gone. */
  lost(error: LivemigError): void;
  /** The source has sent something unreadable, or gRPC reports an error that another connection would not fix. */
  violated(error: LivemigError): void;
}

/** The destination's end of the migration protocol: its streams, each with its own connection. */
export class DestinationClient {
  readonly #migrationId: string;
  readonly #events: DestinationClientEvents;
  readonly #line: Dialled;
  readonly #control: MessageStream<FromSource, FromDestination>;
  readonly #rest: Cancel;
  #faults: MessageStream<BulkMessage, FaultMessage> | null = null;
  #hasAnswered = false;
  #isClosed = false;

  constructor(
    { wire, clock, timeouts, migrationId, isPatient }: DestinationClientParts,
    events: DestinationClientEvents,
  ) {
    this.#migrationId = migrationId;
    this.#events = events;
    this.#line = wire.dial(isPatient);
    this.#control = this.#line.control();
    const patienceMs = isPatient ? timeouts.connectMs : timeouts.attemptMs;
    this.#rest = clock.timer(patienceMs, () => {
      const within = `within ${Math.round(patienceMs)} ms`;
      this.#giveUp(new LivemigError('TIMEOUT', `no source answered at ${wire.target} ${within}`));
    });
    this.#listen(
      this.#control,
      (message) => {
        events.control(message);
      },
      () => {
        events.ended();
      },
    );
  }

  /** There never was a connection: the wire may know why. */
  #giveUp(error: LivemigError): void {
    if (this.#isClosed) return;
    void this.#line.problem().then((problem) => {
      if (!this.#isClosed) this.#events.lost(problem ?? error);
    });
  }

  #listen<T extends object>(
    stream: MessageStream<T, never>,
    take: (message: T) => void,
    ended: () => void = () => undefined,
  ): void {
    stream.listen({
      data: (message) => {
        this.#rest();
        this.#hasAnswered = true;
        if (!isUnreadable(message)) take(message);
        else if (!this.#isClosed) this.#events.violated(message.unreadable);
      },
      ended: () => {
        if (!this.#isClosed) ended();
      },
      lost: (error) => {
        this.#rest();
        if (this.#isClosed) return;
        if (!this.#hasAnswered) this.#giveUp(error);
        else if (error.code === 'PROTOCOL_VIOLATION') this.#events.violated(error);
        else this.#events.lost(error);
      },
    });
  }

  openChannels(count: number): void {
    for (let channel = 0; channel < count; channel++)
      this.#listen(this.#line.pages({ migrationId: this.#migrationId, channel }), (message) => {
        this.#events.bulk(channel, message);
      });
    this.#faults = this.#line.faults();
    this.#listen(this.#faults, (message) => {
      this.#events.urgent(message);
    });
    this.#faults.write({ migrationId: this.#migrationId });
  }

  send(message: FromDestination): void {
    if (!this.#isClosed) this.#control.write(message);
  }

  requestPage(request: PageRequest): void {
    if (!this.#isClosed) this.#faults?.write({ request });
  }

  /** Hangs up. What was sent before still goes out. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
    this.#line.close();
  }
}
