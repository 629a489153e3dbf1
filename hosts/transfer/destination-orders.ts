import { deviceStateBytesOf, saveDeviceState } from '../guest/device-state.ts';
import type { Guest } from '../guest/guest.ts';
import { PageSet } from '../guest/page-set.ts';
import type { Body } from './channel.ts';
import type { SourceServer } from './source-server.ts';
import type { Waiters } from './waiters.ts';

const deviceStateChunkBytes = 1 << 20;
/** Priming sends the device state's size twice: slow start's window reaches about half of what it has sent. */
const primeFactor = 2;
const runsPerDiscard = 65_536;

/** What the source has the destination do besides taking pages: on the first channel, in order. */
export class DestinationOrders {
  readonly #guest: Guest;
  readonly #server: SourceServer;
  readonly #waiters: Waiters;
  /** Every page that was to be discarded. */
  readonly discarded: PageSet;
  paddingBytes = 0;

  constructor(guest: Guest, server: SourceServer, waiters: Waiters) {
    this.#guest = guest;
    this.#server = server;
    this.#waiters = waiters;
    this.discarded = new PageSet(guest.memory.pageCount);
  }

  /** A write to a destination that is gone may never call back: then the failure ends it. */
  async #write(body: Body): Promise<void> {
    const { connections } = this.#server;
    let isWritten = false;
    this.#server.channels[0]?.write(body).then(
      () => {
        isWritten = true;
        this.#waiters.poke();
      },
      // The loss of the connection is told by its control stream.
      () => undefined,
    );
    await this.#waiters.until(
      () => isWritten || connections !== this.#server.connections || !this.#server.isConnected,
    );
  }

  /** Opens the connection's congestion window. */
  async prime(): Promise<void> {
    const stateBytes = deviceStateBytesOf(this.#guest.config);
    const padding = Buffer.alloc(Math.min(deviceStateChunkBytes, stateBytes));
    for (let sent = 0; sent < stateBytes * primeFactor; sent += padding.length) {
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
    let runs: number[] = [];
    for (const { first, count } of pages.runs()) {
      runs.push(first, count);
      if (runs.length < runsPerDiscard * 2) continue;
      await this.#write({ discard: { runs } });
      runs = [];
    }
    if (runs.length > 0) await this.#write({ discard: { runs } });
  }

  async sendDeviceState(): Promise<void> {
    const { state, digest } = saveDeviceState(this.#guest.config, this.#guest.buffers);
    for (let at = 0; at < state.length; at += deviceStateChunkBytes) {
      const chunk = state.subarray(at, at + deviceStateChunkBytes);
      const isLast = at + deviceStateChunkBytes >= state.length;
      await this.#write({ deviceState: { state: chunk, digest: isLast ? digest : Buffer.alloc(0) } });
    }
  }

  async resume(mode: 'complete' | 'postcopy'): Promise<void> {
    const after = this.#server.sequences;
    await this.#write({ resume: { mode: mode === 'complete' ? 'COMPLETE' : 'POSTCOPY', after } });
  }
}
