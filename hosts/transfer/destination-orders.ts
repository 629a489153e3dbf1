import { discardRunsMax } from '#proto/migration-bounds';
import type { TransferConfig } from '#proto/strategy';
import { deviceStateBytesOf } from '../guest/device-state.ts';
import type { BlockSpace } from '../block-space.ts';
import type { Machine } from '../machine.ts';
import { PageSet } from '../guest/page-set.ts';
import type { Body } from './channel.ts';
import type { SourceServer } from './source-server.ts';
import type { Waiters } from './waiters.ts';

/** Priming sends the device state's size twice: slow start's window reaches about half of what it has sent. */
const primeFactor = 2;
/** A pair of numbers of at most five bytes each. */
const runBytes = 10;
/** The next ones are ready when the link has taken one, so it never idles for lack of them. */
const chunksUnderWay = 4;
const noDigest = Buffer.alloc(0);

/** What the source orders the destination to do besides taking pages: on the first channel, in order. */
export class DestinationOrders {
  readonly #guest: Pick<Machine, 'config' | 'saveDeviceState'>;
  readonly #space: BlockSpace;
  readonly #server: SourceServer;
  readonly #waiters: Waiters;
  #messageBytes: number;
  /** Every page that has been discarded. */
  readonly discarded: PageSet;
  #windowBytes: number;
  paddingBytes = 0;

  /**
   * @param transfer its bulk window is the most that is ever in flight: no congestion window need be wider. What
   *   follows a message waits for it, so each has at most `orderBytes`.
   */
  constructor(
    guest: Pick<Machine, 'config' | 'saveDeviceState'>,
    space: BlockSpace,
    server: SourceServer,
    waiters: Waiters,
    { bulkWindowBytes, orderBytes }: Pick<TransferConfig, 'bulkWindowBytes' | 'orderBytes'>,
  ) {
    this.#windowBytes = bulkWindowBytes;
    this.#messageBytes = orderBytes;
    this.#guest = guest;
    this.#server = server;
    this.#waiters = waiters;
    this.#space = space;
    this.discarded = new PageSet(space.blockCount);
  }

  /** For what is sent from now on. */
  resize({ bulkWindowBytes, orderBytes }: Pick<TransferConfig, 'bulkWindowBytes' | 'orderBytes'>): void {
    this.#windowBytes = bulkWindowBytes;
    this.#messageBytes = orderBytes;
  }

  /** A write to a destination that is gone may never call back: then the failure ends it. */
  async #write(body: Body): Promise<void> {
    this.#waiters.check();
    const stands = this.#server.stands();
    let isWritten = false;
    this.#server.channels[0]?.write(body).then(
      () => {
        isWritten = true;
        this.#waiters.poke();
      },
      // The control stream reports the loss of the connection.
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

  /** The order may get lost with a connection. */
  async discardAgain(): Promise<void> {
    await this.#writeDiscards(this.discarded);
  }

  async #writeDiscards(pages: PageSet): Promise<void> {
    const runsMax = Math.max(1, Math.min(discardRunsMax, Math.floor(this.#messageBytes / runBytes)));
    const stands = this.#server.stands();
    for (const { region, base, end } of this.#space.placed)
      for (let from = base; from !== -1 && from < end && stands();) {
        const { pairs, next } = pages.runPairs(from, runsMax, end);
        if (base > 0) for (let run = 0; run < pairs.length; run += 2) pairs[run]! -= base;
        if (pairs.length > 0) await this.#write({ discard: { region: region.id, runs: pairs } });
        from = next;
      }
  }

  /** Sends what was made and hashed at the guest's boot: all but the registers, which come last. */
  async sendDeviceState(): Promise<void> {
    const { state, digest } = this.#guest.saveDeviceState();
    const underWay: Promise<void>[] = [];
    const stands = this.#server.stands();
    let at = 0;
    while (at < state.length && stands()) {
      // The link, and with it the size of a message, may change on the way.
      const next = at + this.#messageBytes;
      const chunk = state.subarray(at, next);
      at = next;
      const isLast = next >= state.length;
      const write = this.#write({ deviceState: { state: chunk, digest: isLast ? digest : noDigest } });
      // A failed write is noticed when its turn comes; those behind it fail as well, and are not awaited.
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
