import type { TransferConfig } from '../../proto/strategy.ts';
import { deviceStateBytesOf } from '../guest/device-state.ts';
import type { Guest } from '../guest/guest.ts';
import { PageSet } from '../guest/page-set.ts';
import type { Body } from './channel.ts';
import type { SourceServer } from './source-server.ts';
import type { Waiters } from './waiters.ts';

/** Priming sends the device state's size twice: slow start's window reaches about half of what it has sent. */
const primeFactor = 2;
const runsPerDiscardMax = 65_536;
/** A pair of numbers of at most five bytes each. */
const runBytes = 10;
/** The next ones are ready when the link has taken one: it is never idle for want of them. */
const chunksUnderWay = 4;
const noDigest = Buffer.alloc(0);

/** What the source has the destination do besides taking pages: on the first channel, in order. */
export class DestinationOrders {
  readonly #guest: Guest;
  readonly #server: SourceServer;
  readonly #waiters: Waiters;
  readonly #messageBytes: number;
  /** Every page that was to be discarded. */
  readonly discarded: PageSet;
  readonly #windowBytes: number;
  paddingBytes = 0;

  /**
   * @param transfer its bulk window is as much as is ever under way: no congestion window need be wider. What follows a
   *   message waits for it, so that each has `orderBytes` at most.
   */
  constructor(
    guest: Guest,
    server: SourceServer,
    waiters: Waiters,
    { bulkWindowBytes, orderBytes }: Pick<TransferConfig, 'bulkWindowBytes' | 'orderBytes'>,
  ) {
    this.#windowBytes = bulkWindowBytes;
    this.#messageBytes = orderBytes;
    this.#guest = guest;
    this.#server = server;
    this.#waiters = waiters;
    this.discarded = new PageSet(guest.memory.pageCount);
  }

  /** A write to a destination that is gone may never call back: then the failure ends it. */
  async #write(body: Body): Promise<void> {
    const stands = this.#server.stands();
    let isWritten = false;
    this.#server.channels[0]?.write(body).then(
      () => {
        isWritten = true;
        this.#waiters.poke();
      },
      // The loss of the connection is told by its control stream.
      () => undefined,
    );
    await this.#waiters.until(() => isWritten || !stands());
  }

  /** Opens the connection's congestion window: as far as the device state needs, or the link can use. */
  async prime(): Promise<void> {
    const primeBytes = Math.min(primeFactor * deviceStateBytesOf(this.#guest.config), this.#windowBytes);
    const padding = Buffer.alloc(Math.min(this.#messageBytes, primeBytes));
    while (this.paddingBytes < primeBytes) {
      await this.#write({ padding });
      this.paddingBytes += padding.length;
    }
    await this.#server.barrier();
  }

  async discard(pages: PageSet): Promise<void> {
    this.discarded.addAll(pages);
    await this.#writeDiscards(pages);
  }

  /** The order may be lost with a connection. */
  async discardAgain(): Promise<void> {
    await this.#writeDiscards(this.discarded);
  }

  async #writeDiscards(pages: PageSet): Promise<void> {
    const runsMax = Math.max(1, Math.min(runsPerDiscardMax, Math.floor(this.#messageBytes / runBytes)));
    const stands = this.#server.stands();
    for (let from = 0; from !== -1 && stands();) {
      const { pairs, next } = pages.runPairs(from, runsMax);
      if (pairs.length > 0) await this.#write({ discard: { runs: pairs } });
      from = next;
    }
  }

  /** Sends what the guest's boot has made and hashed, but for the registers, which come last. */
  async sendDeviceState(): Promise<void> {
    const { state, digest } = this.#guest.deviceState.save();
    const underWay: Promise<void>[] = [];
    const stands = this.#server.stands();
    for (let at = 0; at < state.length && stands(); at += this.#messageBytes) {
      const chunk = state.subarray(at, at + this.#messageBytes);
      const isLast = at + this.#messageBytes >= state.length;
      const write = this.#write({ deviceState: { state: chunk, digest: isLast ? digest : noDigest } });
      // One that fails is met when its turn has come; those behind it fail likewise, and nobody asks them.
      write.catch(() => undefined);
      underWay.push(write);
      if (underWay.length >= chunksUnderWay) await underWay.shift();
    }
    await Promise.all(underWay);
  }

  async resume(mode: 'complete' | 'postcopy'): Promise<void> {
    const after = this.#server.sequences;
    await this.#write({ resume: { mode: mode === 'complete' ? 'COMPLETE' : 'POSTCOPY', after } });
  }
}
