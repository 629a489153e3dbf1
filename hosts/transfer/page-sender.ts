import { batchWireBytes } from '#proto/bulk';
import type { OutgoingBatch } from '#proto/bulk';
import type { TransferPhase } from '#proto/events';
import { batchPagesMax, diskRegion } from '#proto/migration';
import type { TransferConfig, TransferSizes } from '#proto/strategy';
import { pageSizeBytes } from '#proto/units';
import type { PageOrder } from '#catalogue/capability';
import { diskCounters, noneCounted, sourceCounters } from '#catalogue/counters';
import type { BlockSpace, Placed } from '../block-space.ts';
import type { Region } from '../region.ts';
import type { PageSet } from '../guest/page-set.ts';
import type { PageSender } from '../ports.ts';
import { Batcher, isEmpty, pageBytesOf, travelOf } from './batcher.ts';
import type { Encodings, TakenBatch } from './batcher.ts';
import type { Channel } from './channel.ts';
import { InFlight } from './in-flight.ts';
import { Pacer } from './pacer.ts';
import type { PacerClock } from './pacer.ts';
import type { SourceServer } from './source-server.ts';
import type { Waiters } from './waiters.ts';
import { windowBytes } from './window.ts';

/** How many messages fill the window: few enough to be cheap, enough that it never runs dry. */
const messagesPerWindow = 8;
/** 1 MiB: more gains nothing, and less shows gRPC's cost per message at 10 Gb/s. */
const bulkBatchPagesMax = 256;

/** Whole pages in a message of this many bytes. */
const batchPagesFor = (bytes: number): number =>
  Math.min(bulkBatchPagesMax, batchPagesMax, Math.max(1, Math.floor(bytes / pageSizeBytes)));

/** In which order pages go before and after the switchover; null = as the strategy says. */
export interface Orders {
  precopy: PageOrder | null;
  postcopy: PageOrder | null;
}

export interface PageSenderParts {
  space: BlockSpace<Region>;
  server: SourceServer;
  waiters: Waiters;
  transfer: TransferConfig;
  encodings: Encodings;
  orders: Orders;
  clock: PacerClock;
}

/** Sends pages out of guest memory over the bulk channels, and accounts for every byte. */
export class LinkPageSender implements PageSender {
  readonly #space: BlockSpace<Region>;
  readonly #server: SourceServer;
  readonly #waiters: Waiters;
  #transfer: TransferConfig;
  readonly #batcher: Batcher;
  readonly #inFlight: InFlight<OutgoingBatch>;
  /** Messages of mirrored writes that aren't confirmed. */
  readonly #mirrored: { sequence: number; bytes: number }[] = [];
  readonly pacer: Pacer;
  readonly #mirrorPacer: Pacer;
  readonly ram = noneCounted(sourceCounters);
  /** Of a guest with a disk. */
  readonly disk = noneCounted(diskCounters);
  /** Pages that travelled encoded, by the name of the encoding. */
  readonly encodedPages: Record<string, number> = {};
  #phase: TransferPhase = 'precopy';
  readonly #orders: Orders;
  sentPages = 0;
  /** Nothing is sent until what must come first has been sent. */
  isHeld = false;

  constructor({ space, server, waiters, transfer, encodings, orders, clock }: PageSenderParts) {
    this.#server = server;
    this.#waiters = waiters;
    this.#transfer = transfer;
    this.#batcher = new Batcher(space, encodings);
    this.#orders = orders;
    this.phase = 'precopy';
    this.pacer = new Pacer(clock);
    this.#mirrorPacer = new Pacer(clock);
    this.#inFlight = new InFlight<OutgoingBatch>(transfer.channels);
    const [{ region: ram }] = space.placed as [Placed<Region>];
    this.ram.total = ram.blockCount * ram.blockSizeBytes;
    this.#space = space;
  }

  /** From now on. What is under way stays so, also where it is more than the new window. */
  resize(sizes: TransferSizes): void {
    this.#transfer = { ...this.#transfer, ...sizes };
    this.#waiters.poke();
  }

  get phase(): TransferPhase {
    return this.#phase;
  }

  set phase(phase: TransferPhase) {
    this.#phase = phase;
    this.#batcher.order = phase === 'postcopy' ? this.#orders.postcopy : this.#orders.precopy;
  }

  /** Page messages so far, those with blocks of a disk included. */
  get transferredBytes(): number {
    return this.ram.transferred + this.disk.transferred;
  }

  get sentBytes(): number {
    return this.#inFlight.sentBytes;
  }

  get confirmedBytes(): number {
    return this.#inFlight.confirmedBytes;
  }

  /** Pages known to be unsent, of all regions. */
  get unsentPages(): PageSet {
    return this.#batcher.unsent;
  }

  /** Bytes of pages known to be unsent: QEMU's `ram.remaining`. */
  get remainingBytes(): number {
    return this.#space.bytesOf(this.#batcher.unsent);
  }

  /** Likewise, of one region; 0 if there is none. */
  remainingBytesOf(region: number): number {
    const placed = this.#space.named(region);
    if (placed === undefined) return 0;
    return this.#batcher.unsent.countIn(placed.base, placed.end) * placed.region.blockSizeBytes;
  }

  /** A bitmap sync has found these pages dirty, or they were sent and got lost. */
  toBeSent(pages: PageSet): void {
    this.#batcher.unsent.addAll(pages);
  }

  confirm(channel: number, sequence: number): void {
    this.#inFlight.confirm(channel, sequence);
    if (channel !== 0) return;
    while (this.#mirrored[0] !== undefined && this.#mirrored[0].sequence <= sequence) this.#mirrored.shift();
  }

  /** The lost connection has been replaced. Returns the pages that may not have arrived. */
  recovered(): number[] {
    this.#mirrored.length = 0;
    return this.#inFlight.lost().flatMap((batch) => this.#batcher.blocksOf(batch));
  }

  async sendBatch(pages: PageSet, from: number, skip?: (page: number) => boolean): Promise<number> {
    let channel = await this.#untilRoom(pages);
    // Demand faults may have emptied the set during this wait.
    const taken = this.#batcher.take(pages, from, this.#batchPages, skip);
    if (!isEmpty(taken.batch)) {
      if (taken.batch.region === diskRegion && channel.index !== 0) channel = await this.#firstIdle();
      const compressed = await this.#batcher.compressed(taken);
      // Compressing takes a while, in which the connection may be lost and another one agreed on.
      if (channel.channel === this.#server.channels[channel.index])
        this.pacer.sent(this.#send(channel, compressed));
      else
        for (const page of this.#batcher.blocksOf(taken.batch)) {
          pages.add(page);
          this.#batcher.unsent.add(page);
        }
    }
    // After a batch, not before it: when a demand fault ends the wait, the next batch isn't chosen yet.
    if (this.pacer.isOn && pages.count > 0) await this.pacer.untilDue();
    return taken.next;
  }

  /** A disk's blocks all travel on the first channel, so no older copy of a block can overtake a mirrored write. */
  async #firstIdle(): Promise<{ index: number; channel: Channel }> {
    const isIdle = (): boolean => !this.isHeld && this.#server.channels[0]?.isIdle === true;
    do await this.#waiters.until(isIdle);
    while (!isIdle());
    return { index: 0, channel: this.#server.channels[0]! };
  }

  /** The cap of rounds and mirrored writes together, in Mb/s; 0 = none. */
  set rateMbps(rateMbps: number) {
    this.pacer.rateMbps = rateMbps;
    this.#mirrorPacer.rateMbps = rateMbps / 2;
  }

  /** The guest is being stopped: the switchover has no cap, so writes in flight have none either. */
  drain(): void {
    this.#mirrorPacer.rateMbps = 0;
    this.#waiters.poke();
  }

  /**
   * Whether mirrored writes may be sent now. They and the rounds share the link: writes fill half a window of their own,
   * and half of the cap, so that a guest that never stops writing doesn't keep the rounds from going on.
   */
  get canMirror(): boolean {
    const hasRoom = this.#mirroredBytes === 0 || this.#mirroredBytes < this.#transfer.bulkWindowBytes / 2;
    return hasRoom && this.#mirrorPacer.dueInMs === 0 && this.#server.channels[0]?.isIdle === true;
  }

  /** Sends blocks that the guest has just written, in one message on the first channel. Returns its sequence. */
  sendMirrored(blocks: readonly number[]): number {
    const channel = this.#server.channels[0]!;
    const bytes = this.#send({ index: 0, channel }, this.#batcher.these(blocks));
    // They are paced themselves, so the rounds always pay for them.
    this.pacer.sent(bytes);
    this.#mirrored.push({ sequence: channel.sequence, bytes });
    this.#mirrorPacer.sent(bytes);
    if (this.#mirrorPacer.dueInMs > 0)
      this.#mirrorPacer.untilDue().then(
        () => {
          this.#waiters.poke();
        },
        // A migration that has failed mirrors nothing more.
        () => undefined,
      );
    return channel.sequence;
  }

  get #mirroredBytes(): number {
    return this.#mirrored.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Answers a demand fault: at once, on the connection kept free for it or else in the bulk stream. */
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

  /** A channel that accepts a message now, once the window has room for one. */
  async #untilRoom(pages: PageSet): Promise<{ index: number; channel: Channel }> {
    let index = -1;
    const room = (): boolean => {
      const { sentBytes, confirmedBytes } = this.#inFlight;
      const unconfirmedBytes = sentBytes - confirmedBytes - this.#mirroredBytes;
      const leftBytes = this.#space.bytesOf(pages);
      const hasRoom = !this.isHeld && unconfirmedBytes < windowBytes(this.#transfer, this.phase, leftBytes);
      index = hasRoom ? this.#server.channels.findIndex((channel) => channel.isIdle) : -1;
      return index !== -1;
    };
    // Checked again, as others may have written since, or the connection may have been lost.
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
    const counters = batch.region === diskRegion ? this.disk : this.ram;
    counters.normal += full;
    counters.duplicate += zeroPages;
    counters.transferred += bytes;
    this.sentPages += full + zeroPages;
    if (batch.region === diskRegion) {
      this.disk.blockBytes += pageBytesOf(batch);
      return bytes;
    }
    for (const [encoding, pages] of encoded) {
      this.sentPages += pages;
      if (pages > 0) this.encodedPages[encoding] = (this.encodedPages[encoding] ?? 0) + pages;
    }
    this.ram.pageBytes += pageBytesOf(batch);
    this.ram[`${this.phase}Bytes`] += bytes;
    return bytes;
  }
}
