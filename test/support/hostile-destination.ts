import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { BulkMessage } from '#proto/bulk';
import type { SourcePhase } from '#proto/migration-phases';
import { capabilityNames } from '#catalogue/capabilities';
import { migrationService, migrationVersion } from '#proto/migration';
import type { DestinationHello, FaultMessage, FromDestination, FromSource } from '#proto/migration';
import { eventually } from './eventually.ts';

const { control, pages, faults } = migrationService;

/**
 * A destination that sends whatever a test wants to a real source; it leads the source into any phase by keeping to the
 * rules. The migration is post-copy, over one channel.
 */
export class HostileDestination {
  readonly #client: Client;
  readonly #migrationId: string;
  readonly #pageCount: number;
  /** What the source has said. */
  readonly heard: FromSource[] = [];
  readonly bulk: BulkMessage[] = [];
  readonly answers: BulkMessage[] = [];
  #control: ClientDuplexStream<FromDestination, FromSource> | null = null;
  #faults: ClientDuplexStream<FaultMessage, BulkMessage> | null = null;
  /** Keeps the push going: everything but the last message is confirmed. */
  #confirms = false;
  #confirmed = 0;

  constructor(port: number, migrationId: string, pageCount: number) {
    this.#migrationId = migrationId;
    this.#pageCount = pageCount;
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
    });
  }

  get hello(): DestinationHello {
    const capabilities = [...capabilityNames];
    return { version: migrationVersion, migrationId: this.#migrationId, capabilities, recovers: false, resumed: false }; // prettier-ignore
  }

  /** The Control stream, on which nothing has been sent yet. */
  connect(): void {
    // The source may be about to listen.
    const patient = new Metadata({ waitForReady: true });
    this.#control = this.#client.makeBidiStreamRequest(
      control.path, control.requestSerialize, control.responseDeserialize, patient,
    ); // prettier-ignore
    this.#control.on('error', () => undefined);
    this.#control.on('data', (message: FromSource) => this.heard.push(message));
  }

  #openStreams(): void {
    const stream = this.#client.makeServerStreamRequest(
      pages.path, pages.requestSerialize, pages.responseDeserialize, { migrationId: this.#migrationId, channel: 0 },
    ); // prettier-ignore
    stream.on('error', () => undefined);
    stream.on('data', (message: BulkMessage) => {
      this.bulk.push(message);
      if (this.#confirms) this.confirmAllButLast();
    });
    this.openFaults();
  }

  openFaults(): void {
    this.#faults = this.#client.makeBidiStreamRequest(
      faults.path, faults.requestSerialize, faults.responseDeserialize,
    ); // prettier-ignore
    this.#faults.on('error', () => undefined);
    this.#faults.on('data', (message: BulkMessage) => this.answers.push(message));
    this.#faults.write({ migrationId: this.#migrationId });
  }

  say(message: FromDestination): void {
    this.#control?.write(message);
  }

  fault(message: FaultMessage): void {
    this.#faults?.write(message);
  }

  confirmAllButLast(): void {
    const sequence = this.bulk.length - 1;
    if (sequence <= this.#confirmed) return;
    this.#confirmed = sequence;
    this.say({ receipt: { channel: 0, sequence } });
  }

  /** A sequence number that is still to be confirmed. */
  get unconfirmed(): number {
    return this.bulk.length;
  }

  said(word: string): boolean {
    return this.heard.some((message) => word in message);
  }

  /** The barrier that was sent last. */
  get barrier(): number {
    return this.heard.flatMap((message) => ('barrier' in message ? [message.barrier.id] : [])).at(-1) ?? 0;
  }

  #hasOrder(): boolean {
    return this.bulk.some(({ body }) => body === 'resume');
  }

  async reach(phase: SourcePhase): Promise<void> {
    await this.#ways[phase]();
  }

  readonly #ways: Readonly<Record<SourcePhase, () => Promise<void>>> = {
    greeting: async () => this.connect(),
    setup: async () => {
      await this.#ways.greeting();
      this.say({ hello: this.hello });
      await eventually('a hello of the source', () => this.said('hello'));
    },
    recover: async () => {
      await this.#ways.greeting();
      this.say({ hello: { ...this.hello, recovers: true, resumed: true } });
      await eventually('a hello of the source', () => this.said('hello'));
      this.openFaults();
    },
    // Post-copy's priming ends in a barrier, which the source stands at.
    active: async () => {
      await this.#ways.setup();
      this.#openStreams();
      this.say({ ready: {} });
      await eventually('a barrier', () => this.barrier > 0 && this.bulk.length > 0);
    },
    ordered: async () => {
      await this.#ways.active();
      this.say({ barrierReached: { id: this.barrier } });
      await eventually('the order to resume', () => this.#hasOrder());
    },
    running: async () => {
      await this.#ways.ordered();
      // The push has filled the window; it continues once that is confirmed, which is sent after this.
      await eventually('a push', () => this.bulk.length > 4);
      const { length } = this.bulk;
      this.say({ resumed: {} });
      this.confirmAllButLast();
      await eventually('the push to go on', () => this.bulk.length > length);
    },
    'ordered-all-sent': async () => {
      await this.#ways.ordered();
      await this.#untilAllSent();
    },
    'all-sent': async () => {
      await this.#ways.running();
      await this.#untilAllSent();
    },
    completed: async () => {
      await this.#ways['all-sent']();
      this.say({ completed: { pages: this.#pageCount } });
    },
  };

  async #untilAllSent(): Promise<void> {
    this.#confirms = true;
    this.confirmAllButLast();
    await eventually('AllPagesSent', () => this.said('allPagesSent'));
  }

  /** Vanishes like a destination that has died. */
  close(): void {
    this.#client.close();
    this.#control?.cancel();
    this.#faults?.cancel();
  }
}
