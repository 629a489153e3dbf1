import { Client, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import type { BulkMessage } from '../../proto/bulk.ts';
import { LivemigError } from '../../proto/errors.ts';
import type { LinkTimeouts } from '../../proto/link-timeouts.ts';
import { leastTimeouts } from '../../proto/link-timeouts.ts';
import { bulkMessageMaxBytes, migrationService } from '../../proto/migration.ts';
import type { FaultMessage, FromDestination, FromSource } from '../../proto/migration.ts';
import type { TlsCredentials } from '../../proto/tls.ts';
import { brokenOff, isUnreadable, readableFrom } from './broken-off.ts';
import type { Unreadable } from './broken-off.ts';
import { keepaliveOf } from './keepalive.ts';
import { certificateProblem, clientCredentials } from './tls.ts';

const { control, pages, faults } = migrationService;

/**
 * HTTP/2 receive window per connection: never the limit, so that TCP and the sender's own window are. It costs no
 * memory by itself, since pages are installed as they come.
 */
const receiveWindowBytes = 256 << 20;

/** The source may be about to listen: wait for it instead of failing at the first refusal. */
const patient = (): Metadata => new Metadata({ waitForReady: true });
/** One that was there before, isn't about to. */
const impatient = (): Metadata => new Metadata();

const readable = readableFrom('source');

type Listened<T> = Pick<ClientReadableStream<T | Unreadable>, 'on'>;

export interface DestinationClientOptions {
  timeouts?: LinkTimeouts;
  tls?: TlsCredentials | undefined;
  /** Whether to wait for a source that doesn't listen yet. */
  isPatient?: boolean;
}

export interface DestinationClientEvents {
  control(message: FromSource): void;
  bulk(channel: number, message: BulkMessage): void;
  urgent(message: BulkMessage): void;
  /** The source has hung up. */
  ended(): void;
  /** The source, or the way to it, is gone. */
  lost(error: LivemigError): void;
  /** The source has said what can't be read, or gRPC of it what no other connection would mend. */
  violated(error: LivemigError): void;
}

/** The destination's end of the migration protocol: its streams, each a connection of its own. */
export class DestinationClient {
  readonly #target: string;
  readonly #migrationId: string;
  readonly #tls: TlsCredentials | undefined;
  readonly #timeouts: LinkTimeouts;
  readonly #metadata: () => Metadata;
  readonly #events: DestinationClientEvents;
  readonly #clients: Client[] = [];
  readonly #streams: { cancel(): void }[] = [];
  readonly #control: ClientDuplexStream<FromDestination, FromSource | Unreadable>;
  #faults: ClientDuplexStream<FaultMessage, BulkMessage | Unreadable> | null = null;
  #hasAnswered = false;
  #isClosed = false;

  constructor(
    target: string,
    migrationId: string,
    events: DestinationClientEvents,
    { tls, timeouts = leastTimeouts, isPatient = true }: DestinationClientOptions = {},
  ) {
    this.#tls = tls;
    this.#timeouts = timeouts;
    this.#metadata = isPatient ? patient : impatient;
    this.#target = target;
    this.#migrationId = migrationId;
    this.#events = events;
    this.#control = this.#connect().makeBidiStreamRequest(
      control.path, control.requestSerialize, readable(control.responseDeserialize), this.#metadata(),
    ); // prettier-ignore
    const patienceMs = isPatient ? timeouts.connectMs : timeouts.attemptMs;
    const patience = setTimeout(() => {
      this.#giveUp(
        new LivemigError('TIMEOUT', `no source answered at ${target} within ${Math.round(patienceMs)} ms`),
      );
    }, patienceMs);
    this.#control.on('data', () => {
      clearTimeout(patience);
      this.#hasAnswered = true;
    });
    this.#control.on('error', () => {
      clearTimeout(patience);
    });
    this.#listen('control', this.#control, (message: FromSource) => {
      events.control(message);
    });
    this.#control.on('end', () => {
      if (!this.#isClosed) events.ended();
    });
  }

  /** There was never a connection: of a certificate that is refused gRPC says nothing that could be told from others. */
  #giveUp(error: LivemigError): void {
    if (this.#isClosed) return;
    if (this.#tls === undefined) this.#events.lost(error);
    else
      void certificateProblem(this.#target, this.#tls).then((problem) => {
        if (!this.#isClosed) this.#events.lost(problem ?? error);
      });
  }

  /** A client of its own is a connection of its own only with a subchannel pool of its own. */
  #connect(): Client {
    const { credentials, options } = clientCredentials(this.#tls);
    const client = new Client(this.#target, credentials, {
      ...options,
      ...keepaliveOf(this.#timeouts),
      'grpc.use_local_subchannel_pool': 1,
      'grpc-node.flow_control_window': receiveWindowBytes,
      'grpc.max_receive_message_length': bulkMessageMaxBytes,
      // A source that is about to listen is worth trying again soon.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    });
    this.#clients.push(client);
    return client;
  }

  /** @param name of the stream, for messages. */
  #listen<T extends object>(name: string, stream: Listened<T>, take: (message: T) => void): void {
    stream.on('data', (message: T | Unreadable) => {
      if (!isUnreadable(message)) take(message);
      else if (!this.#isClosed) this.#events.violated(message.unreadable);
    });
    stream.on('error', (cause) => {
      if (this.#isClosed) return;
      const error = brokenOff(name, cause);
      if (!this.#hasAnswered) this.#giveUp(error);
      else if (error.code === 'PROTOCOL_VIOLATION') this.#events.violated(error);
      else this.#events.lost(error);
    });
  }

  openChannels(count: number): void {
    for (let channel = 0; channel < count; channel++) {
      const stream = this.#connect().makeServerStreamRequest(
        pages.path, pages.requestSerialize, readable(pages.responseDeserialize), { migrationId: this.#migrationId, channel }, this.#metadata(),
      ); // prettier-ignore
      this.#listen(`pages ${channel}`, stream, (message: BulkMessage) => {
        this.#events.bulk(channel, message);
      });
      this.#streams.push(stream);
    }
    this.#faults = this.#connect().makeBidiStreamRequest(
      faults.path, faults.requestSerialize, readable(faults.responseDeserialize), this.#metadata(),
    ); // prettier-ignore
    this.#listen('faults', this.#faults, (message: BulkMessage) => {
      this.#events.urgent(message);
    });
    this.#streams.push(this.#faults);
    this.#faults.write({ migrationId: this.#migrationId });
  }

  send(message: FromDestination): void {
    if (!this.#isClosed) this.#control.write(message);
  }

  requestPage(page: number): void {
    if (!this.#isClosed) this.#faults?.write({ page });
  }

  /** Hangs up. What was sent before still goes out. */
  close(): void {
    this.#isClosed = true;
    this.#control.end();
    for (const stream of this.#streams) stream.cancel();
    for (const client of this.#clients) client.close();
  }
}
