import { createHash } from 'node:crypto';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { BlockSpace } from '#hosts/block-space';
import type { Body } from '#hosts/transfer/channel';
import type { OutgoingBatch, OutgoingBulkMessage } from '#proto/bulk';
import type { DestinationPhase } from '#proto/migration-phases';
import { migrationService, ramRegion } from '#proto/migration';
import type { FaultMessage, FromDestination, FromSource, OpenChannel, SourceHello } from '#proto/migration';
import { pageSizeBytes } from '#proto/units';
import { freePort } from './loopback-migration.ts';
import { eventually } from './eventually.ts';

type PagesStream = ServerWritableStream<OpenChannel, OutgoingBulkMessage>;
type FaultStream = ServerDuplexStream<FaultMessage, OutgoingBulkMessage>;

export const noPages: OutgoingBatch = {
  region: ramRegion,
  blockSizeBytes: pageSizeBytes,
  pages: new Uint32Array(0),
  zeroRuns: [],
  copyPage: () => undefined,
};

/** Runs of all pages but these. */
const runsWithout = (pageCount: number, without: readonly number[]): number[] => {
  const runs: number[] = [];
  let first = 0;
  for (const page of [...without].sort((a, b) => a - b).concat(pageCount)) {
    if (page > first) runs.push(first, page - first);
    first = page + 1;
  }
  return runs;
};

/**
 * A source that sends whatever a test wants to a real destination; it leads it into any phase by keeping to the rules.
 */
export class HostileSource {
  readonly hello: SourceHello;
  readonly port: number;
  /** What the destination has said. */
  readonly heard: FromDestination[] = [];
  readonly requests: number[] = [];
  /** Pages streams that the destination has opened. */
  pagesStreams = 0;
  readonly sequences: number[];
  readonly #server = new Server({ 'grpc.max_send_message_length': -1 });
  readonly #pages: PagesStream[] = [];
  #control: ServerDuplexStream<FromDestination, FromSource> | null = null;
  #faults: FaultStream | null = null;
  #answers = 0;
  #barriers = 0;

  private constructor(hello: SourceHello, port: number) {
    this.hello = hello;
    this.port = port;
    this.sequences = Array<number>(hello.channels).fill(0);
  }

  /** Of all regions. */
  get pageCount(): number {
    return new BlockSpace(this.hello.regions).blockCount;
  }

  static async listen(hello: SourceHello): Promise<HostileSource> {
    const self = new HostileSource(hello, await freePort());
    self.#server.addService(migrationService, {
      control: (stream: ServerDuplexStream<FromDestination, FromSource>) => {
        self.#control = stream;
        stream.on('error', () => undefined);
        stream.on('data', (message: FromDestination) => self.heard.push(message));
      },
      pages: (stream: PagesStream) => {
        self.pagesStreams++;
        stream.on('error', () => undefined);
        self.#pages[stream.request.channel] = stream;
        stream.sendMetadata(new Metadata());
      },
      faults: (stream: FaultStream) => {
        self.#faults = stream;
        stream.on('error', () => undefined);
        stream.on('data', (message: FaultMessage) => {
          if ('request' in message) self.requests.push(message.request.page);
        });
        stream.on('end', () => stream.end());
      },
    });
    await new Promise<void>((resolve, reject) => {
      self.#server.bindAsync(`127.0.0.1:${self.port}`, ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return self;
  }

  said(word: string): boolean {
    return this.heard.some((message) => word in message);
  }

  /** Whether the destination has confirmed what was sent last on a channel. */
  isConfirmed(channel: number): boolean {
    return this.heard.some(
      (message) =>
        'receipt' in message &&
        message.receipt.channel === channel &&
        message.receipt.sequence >= this.sequences[channel]!,
    );
  }

  say(message: FromSource): void {
    this.#control?.write(message);
  }

  send(channel: number, body: Body): void {
    const sequence = ++this.sequences[channel]!;
    this.#pages[channel]?.write({ sequence, ...body });
  }

  answer(body: Body): void {
    this.#faults?.write({ sequence: ++this.#answers, ...body });
  }

  nextBarrier(): number {
    return ++this.#barriers;
  }

  /** A piece of a device state: the first half, or the second with the digest of both. */
  statePiece(isLast: boolean): Body {
    const state = Buffer.alloc(this.hello.deviceStateBytes);
    const half = state.subarray(0, state.length / 2);
    const digest = isLast ? createHash('sha256').update(state).digest() : Buffer.alloc(0);
    return { deviceState: { state: half, digest } };
  }

  zeroPages(...zeroRuns: number[]): Body {
    return { pages: { ...noPages, zeroRuns } };
  }

  /** Keeps to the rules until the destination is in this phase. */
  async reach(phase: DestinationPhase): Promise<void> {
    await this.#ways[phase]();
  }

  readonly #ways: Readonly<Record<DestinationPhase, () => Promise<void>>> = {
    greeting: () => eventually('a hello of the destination', () => this.said('hello')),
    memory: async () => {
      await this.#ways.greeting();
      this.say({ hello: this.hello });
      const areOpen = (): boolean => this.pagesStreams === this.hello.channels && this.#faults !== null;
      await eventually('Ready', () => this.said('ready') && areOpen());
    },
    'device-state': async () => {
      await this.#ways.memory();
      this.send(0, this.statePiece(false));
      await eventually('a receipt of half a state', () => this.isConfirmed(0));
    },
    loaded: async () => {
      await this.#ways['device-state']();
      this.send(0, this.statePiece(true));
      await eventually('a receipt of the state', () => this.isConfirmed(0));
    },
    resuming: async () => {
      await this.#ways.loaded();
      const [first = 0, second = 0] = this.sequences;
      this.send(0, { resume: { mode: 'POSTCOPY', after: [first, second + 1] } });
      await eventually('a receipt of the order', () => this.isConfirmed(0));
    },
    running: async () => {
      await this.#ways.loaded();
      this.send(0, { resume: { mode: 'POSTCOPY', after: [...this.sequences] } });
      await eventually('Resumed', () => this.said('resumed'));
      await eventually('a request of each vCPU', () => this.requests.length === this.hello.vcpus);
    },
    'all-sent': async () => {
      await this.#ways.running();
      this.send(0, this.zeroPages(...runsWithout(this.pageCount, this.requests)));
      await eventually('a receipt of the pages', () => this.isConfirmed(0));
      this.say({ allPagesSent: { after: [...this.sequences], pages: this.pageCount } });
      // A message has been handled once the one after it has. A barrier would be illegal here.
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    complete: async () => {
      await this.#ways['all-sent']();
      for (const page of this.requests) this.answer(this.zeroPages(page, 1));
      await eventually('Completed', () => this.said('completed'));
    },
  };

  /** Vanishes like a source that has died. */
  close(): void {
    this.#server.forceShutdown();
  }
}
