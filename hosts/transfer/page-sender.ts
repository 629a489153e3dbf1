import { batchWireBytes } from '../../proto/bulk.ts';
import type { OutgoingBatch } from '../../proto/bulk.ts';
import type { RamCounters } from '../../proto/control.ts';
import type { TransferPhase } from '../../proto/events.ts';
import { batchPagesMax } from '../../proto/migration.ts';
import type { TransferConfig } from '../../proto/strategy.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { PageOrder } from '../capabilities/capability.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { PageSet } from '../guest/page-set.ts';
import type { Clock, PageSender } from '../ports.ts';
import { Batcher, isEmpty, pageBytesOf, pagesOf, travelOf } from './batcher.ts';
import type { Encodings, TakenBatch } from './batcher.ts';
import type { Channel } from './channel.ts';
import { InFlight } from './in-flight.ts';
import { Pacer } from './pacer.ts';
import type { SourceServer } from './source-server.ts';
import type { Waiters } from './waiters.ts';
import { windowBytes } from './window.ts';

/** Messages that fill the window: few enough to be cheap, many enough that it never runs dry. */
const messagesPerWindow = 8;
/** 1 MiB: above it, nothing is gained; below, gRPC's cost per message shows at 10 Gb/s. */
const bulkBatchPagesMax = 256;

/** Whole pages in a message of so many bytes. */
const batchPagesFor = (bytes: number): number =>
  Math.min(bulkBatchPagesMax, batchPagesMax, Math.max(1, Math.floor(bytes / pageSizeBytes)));

/** In which order pages go before and after the switchover; null = as the strategy says. */
export interface Orders {
  precopy: PageOrder | null;
  postcopy: PageOrder | null;
}

/** The counters of a guest of which nothing has been sent. */
export const noRamSent = (pageCount: number): RamCounters => ({
  total: pageCount * pageSizeBytes,
  transferred: 0,
  normal: 0,
  duplicate: 0,
  encoded: {},
  pageBytes: 0,
  precopyBytes: 0,
  downtimeBytes: 0,
  postcopyBytes: 0,
  dirtySyncCount: 0,
  postcopyRequests: 0,
});

/** Sends pages out of guest memory over the bulk channels, and accounts for every byte. */
export class LinkPageSender implements PageSender {
  readonly #server: SourceServer;
  readonly #waiters: Waiters;
  readonly #transfer: TransferConfig;
  readonly #signal: AbortSignal;
  readonly #batcher: Batcher;
  readonly #inFlight: InFlight<OutgoingBatch>;
  readonly pacer: Pacer;
  readonly ram: RamCounters;
  #phase: TransferPhase = 'precopy';
  readonly #orders: Orders;
  sentPages = 0;
  /** Nothing goes until what has to come first has gone. */
  isHeld = false;

  constructor(
    memory: GuestMemory,
    server: SourceServer,
    waiters: Waiters,
    transfer: TransferConfig,
    encodings: Encodings,
    orders: Orders,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#server = server;
    this.#waiters = waiters;
    this.#transfer = transfer;
    this.#signal = signal;
    this.#batcher = new Batcher(memory, encodings);
    this.#orders = orders;
    this.phase = 'precopy';
    this.pacer = new Pacer(clock);
    this.#inFlight = new InFlight<OutgoingBatch>(transfer.channels);
    this.ram = noRamSent(memory.pageCount);
  }

  get phase(): TransferPhase {
    return this.#phase;
  }

  set phase(phase: TransferPhase) {
    this.#phase = phase;
    this.#batcher.order = phase === 'postcopy' ? this.#orders.postcopy : this.#orders.precopy;
  }

  get sentBytes(): number {
    return this.#inFlight.sentBytes;
  }

  get confirmedBytes(): number {
    return this.#inFlight.confirmedBytes;
  }

  /** Bytes of pages that are still to be sent, as far as is known: QEMU's `ram.remaining`. */
  get remainingBytes(): number {
    return this.#batcher.unsent.count * pageSizeBytes;
  }

  /** A bitmap sync has found these to be sent, or they were sent and are lost. */
  toBeSent(pages: PageSet): void {
    this.#batcher.unsent.addAll(pages);
  }

  confirm(channel: number, sequence: number): void {
    this.#inFlight.confirm(channel, sequence);
  }

  /** The connection was lost, and there is another one. Returns the pages that may not have arrived. */
  recovered(): number[] {
    return this.#inFlight.lost().flatMap(pagesOf);
  }

  async sendBatch(pages: PageSet, from: number, skip?: (page: number) => boolean): Promise<number> {
    const channel = await this.#untilRoom(pages);
    // Demand faults may have emptied the set while this waited.
    const taken = this.#batcher.take(pages, from, this.#batchPages, skip);
    if (!isEmpty(taken.batch)) {
      const compressed = await this.#batcher.compressed(taken);
      // Compressing takes a while, in which the connection may be lost and another one agreed on.
      if (channel.channel === this.#server.channels[channel.index])
        this.pacer.sent(this.#send(channel, compressed));
      else
        for (const page of pagesOf(taken.batch)) {
          pages.add(page);
          this.#batcher.unsent.add(page);
        }
    }
    // After a batch, not before it: a demand fault that ends the wait finds its batch not yet chosen.
    if (this.pacer.isOn && pages.count > 0) await this.pacer.untilDue(this.#signal);
    return taken.next;
  }

  /** Answers a demand fault: at once, on the connection that is kept free for it or else in the bulk stream. */
  sendUrgent(page: number): void {
    const { faultChannel, channels } = this.#server;
    const taken = this.#batcher.one(page);
    if (this.#transfer.faults !== 'preempt')
      this.pacer.sentUrgent(this.#send({ index: 0, channel: channels[0]! }, taken));
    else if (faultChannel !== null) {
      this.pacer.sentUrgent(this.#account(faultChannel, taken));
      // The loss of the connection is told by the control stream.
      faultChannel.write({ pages: taken.batch }).catch(() => undefined);
    }
  }

  async barrier(): Promise<void> {
    await this.#server.barrier();
  }

  async fence(): Promise<void> {
    if (this.#transfer.channels > 1) await this.#server.barrier();
  }

  /** A channel that would take a message now, once the window has room for one. */
  async #untilRoom(pages: PageSet): Promise<{ index: number; channel: Channel }> {
    let index = -1;
    const room = (): boolean => {
      const unconfirmedBytes = this.#inFlight.sentBytes - this.#inFlight.confirmedBytes;
      const leftBytes = pages.count * pageSizeBytes;
      const hasRoom = !this.isHeld && unconfirmedBytes < windowBytes(this.#transfer, this.phase, leftBytes);
      index = hasRoom ? this.#server.channels.findIndex((channel) => channel.isIdle) : -1;
      return index !== -1;
    };
    // Again, as between the condition and this line others may have written, or the connection may have been lost.
    do await this.#waiters.until(room);
    while (!room());
    return { index, channel: this.#server.channels[index]! };
  }

  /** Whole pages in the next message. */
  get #batchPages(): number {
    const { bulkWindowBytes, postcopyMessageBytes, leastMessageBytes } = this.#transfer;
    const wantedBytes =
      this.phase === 'postcopy' ? postcopyMessageBytes : bulkWindowBytes / messagesPerWindow;
    const pacedPages = Math.max(1, Math.floor(this.pacer.messageBytes / pageSizeBytes));
    return Math.min(batchPagesFor(Math.max(wantedBytes, leastMessageBytes)), pacedPages);
  }

  /** Returns the message's bytes. */
  #send({ index, channel }: { index: number; channel: Channel }, taken: TakenBatch): number {
    const bytes = this.#account(channel, taken);
    const written = channel.write({ pages: taken.batch });
    this.#inFlight.sent(index, channel.sequence, bytes, taken.batch);
    written.then(
      () => {
        this.#waiters.poke();
      },
      // The loss of the connection is told by the control stream.
      () => undefined,
    );
    return bytes;
  }

  #account(channel: Channel, taken: TakenBatch): number {
    const { batch, zeroPages } = taken;
    const bytes = batchWireBytes(channel.sequence + 1, batch);
    const { full, encoded } = travelOf(taken);
    this.ram.normal += full;
    this.ram.duplicate += zeroPages;
    this.sentPages += full + zeroPages;
    for (const [encoding, pages] of encoded) {
      this.sentPages += pages;
      if (pages > 0) this.ram.encoded[encoding] = (this.ram.encoded[encoding] ?? 0) + pages;
    }
    this.ram.pageBytes += pageBytesOf(batch);
    this.ram.transferred += bytes;
    this.ram[`${this.phase}Bytes`] += bytes;
    return bytes;
  }
}
