import type { OutgoingBatch } from '../../proto/bulk.ts';
import { batchWireBytes } from '../../proto/bulk.ts';
import type { RamCounters } from '../../proto/control.ts';
import type { TransferPhase } from '../../proto/events.ts';
import { batchPagesMax } from '../../proto/migration.ts';
import type { TransferConfig } from '../../proto/strategy.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { PageSet } from '../guest/page-set.ts';
import type { PageSender } from '../ports.ts';
import type { Channel } from './channel.ts';
import { InFlight } from './in-flight.ts';
import type { SourceServer } from './source-server.ts';
import type { Waiters } from './waiters.ts';

/** Messages that fill the window: few enough to be cheap, many enough that it never runs dry. */
const messagesPerWindow = 8;
/** While demand faults share the link, half as large: a fault waits for the message that is being sent. */
const messagesPerPostcopyWindow = 16;
/** 1 MiB: above it, nothing is gained; below, gRPC's cost per message shows at 10 Gb/s. */
const bulkBatchPagesMax = 256;
const batchPagesMin = 4;
/** Zero pages cost no payload, but looking at them costs time. */
const zeroPagesMax = 8192;

/** Pages in one message when `messages` of them fill a window of so many bytes. */
const batchPagesFor = (windowBytes: number, messages: number): number =>
  Math.min(
    bulkBatchPagesMax,
    batchPagesMax,
    Math.max(batchPagesMin, Math.floor(windowBytes / messages / pageSizeBytes)),
  );

/** The counters of a guest of which nothing has been sent. */
export const noRamSent = (pageCount: number): RamCounters => ({
  total: pageCount * pageSizeBytes,
  transferred: 0,
  normal: 0,
  duplicate: 0,
  precopyBytes: 0,
  downtimeBytes: 0,
  postcopyBytes: 0,
  dirtySyncCount: 0,
  postcopyRequests: 0,
});

/** Sends pages out of guest memory over the bulk channels, and accounts for every byte. */
export class LinkPageSender implements PageSender {
  readonly #memory: GuestMemory;
  readonly #server: SourceServer;
  readonly #waiters: Waiters;
  readonly #transfer: TransferConfig;
  readonly #inFlight: InFlight;
  readonly ram: RamCounters;
  phase: TransferPhase = 'precopy';
  sentPages = 0;

  constructor(memory: GuestMemory, server: SourceServer, waiters: Waiters, transfer: TransferConfig) {
    this.#memory = memory;
    this.#server = server;
    this.#waiters = waiters;
    this.#transfer = transfer;
    this.#inFlight = new InFlight(transfer.channels);
    this.ram = noRamSent(memory.pageCount);
  }

  get sentBytes(): number {
    return this.#inFlight.sentBytes;
  }

  get confirmedBytes(): number {
    return this.#inFlight.confirmedBytes;
  }

  get #windowBytes(): number {
    return this.phase === 'postcopy' ? this.#transfer.postcopyWindowBytes : this.#transfer.bulkWindowBytes;
  }

  confirm(channel: number, sequence: number): void {
    this.#inFlight.confirm(channel, sequence);
  }

  async sendBatch(pages: PageSet, from: number, skip?: (page: number) => boolean): Promise<number> {
    const channel = await this.#untilRoom();
    // Demand faults may have emptied the set while this waited.
    const { batch, next } = this.#take(pages, from, skip);
    if (batch.pages.length > 0 || batch.zeroRuns.length > 0) this.#send(channel, batch);
    return next;
  }

  /** Answers a demand fault on the connection that is kept free for it. */
  sendUrgent(page: number): void {
    const channel = this.#server.faultChannel;
    if (channel === null) return;
    const isZero = this.#memory.isZeroPage(page);
    const batch = this.#batchOf(isZero ? [] : [page], isZero ? [page, 1] : []);
    this.#account(channel, batch, isZero ? 1 : 0);
    channel.write({ pages: batch }).catch((error: unknown) => {
      this.#waiters.fail(error);
    });
  }

  async barrier(): Promise<void> {
    await this.#server.barrier();
  }

  async fence(): Promise<void> {
    if (this.#transfer.channels > 1) await this.#server.barrier();
  }

  /** A channel that would take a message now, once the window has room for one. */
  async #untilRoom(): Promise<{ index: number; channel: Channel }> {
    const { channels } = this.#server;
    const room = (): boolean =>
      this.#inFlight.sentBytes - this.#inFlight.confirmedBytes < this.#windowBytes &&
      channels.some((channel) => channel.isIdle);
    await this.#waiters.until(room);
    const index = channels.findIndex((channel) => channel.isIdle);
    return { index, channel: channels[index]! };
  }

  #take(
    pages: PageSet,
    from: number,
    skip?: (page: number) => boolean,
  ): { batch: OutgoingBatch; next: number } {
    const messages = this.phase === 'postcopy' ? messagesPerPostcopyWindow : messagesPerWindow;
    const wanted = batchPagesFor(this.#windowBytes, messages);
    const normal: number[] = [];
    const zeroRuns: number[] = [];
    let zeroPages = 0;
    let cursor = from;
    while (normal.length < wanted && zeroPages < zeroPagesMax && pages.count > 0) {
      let page = pages.next(cursor);
      if (page === -1) page = pages.next(0);
      pages.delete(page);
      cursor = page + 1;
      if (skip?.(page)) continue;
      if (!this.#memory.isZeroPage(page)) normal.push(page);
      else {
        zeroPages++;
        const last = zeroRuns.length - 2;
        if (last >= 0 && (zeroRuns[last] ?? 0) + (zeroRuns[last + 1] ?? 0) === page)
          zeroRuns[last + 1] = (zeroRuns[last + 1] ?? 0) + 1;
        else zeroRuns.push(page, 1);
      }
    }
    return { batch: this.#batchOf(normal, zeroRuns), next: cursor };
  }

  #batchOf(normal: number[], zeroRuns: number[]): OutgoingBatch {
    return {
      pages: Uint32Array.from(normal),
      zeroRuns,
      copyPage: (page, target, at) => {
        this.#memory.copyTo(page, target, at);
      },
    };
  }

  #send({ index, channel }: { index: number; channel: Channel }, batch: OutgoingBatch): void {
    let zeroPages = 0;
    for (let run = 1; run < batch.zeroRuns.length; run += 2) zeroPages += batch.zeroRuns[run] ?? 0;
    const bytes = this.#account(channel, batch, zeroPages);
    const written = channel.write({ pages: batch });
    this.#inFlight.sent(index, channel.sequence, bytes);
    written.then(
      () => {
        this.#waiters.poke();
      },
      (error: unknown) => {
        this.#waiters.fail(error);
      },
    );
  }

  #account(channel: Channel, batch: OutgoingBatch, zeroPages: number): number {
    const bytes = batchWireBytes(channel.sequence + 1, batch);
    this.sentPages += batch.pages.length + zeroPages;
    this.ram.normal += batch.pages.length;
    this.ram.duplicate += zeroPages;
    this.ram.transferred += bytes;
    this.ram[`${this.phase}Bytes`] += bytes;
    return bytes;
  }
}
