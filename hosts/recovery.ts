import type { Recovery } from '../proto/control.ts';
import { LivemigError } from '../proto/errors.ts';
import type { MigrationStatus } from '../proto/strategy.ts';
import { monotonicMs } from '../proto/units.ts';
import type { AtSource } from './capabilities/capability.ts';
import { PageSet } from './guest/page-set.ts';
import type { MigrationControl } from './migration-control.ts';
import type { DemandFaults } from './transfer/demand-faults.ts';
import type { DestinationOrders } from './transfer/destination-orders.ts';
import type { LinkPageSender } from './transfer/page-sender.ts';
import type { Remains } from './transfer/rules-at-source.ts';
import type { SourceServer } from './transfer/source-server.ts';
import type { Waiters } from './transfer/waiters.ts';

export interface Recoverable {
  server: SourceServer;
  sender: LinkPageSender;
  orders: DestinationOrders;
  faults: DemandFaults;
  control: MigrationControl;
  waiters: Waiters;
  /** Without a page that arrives in between, connections are lost and made for so long at most, in ms. */
  recoverMs: number;
  pageCount: number;
  capabilities: readonly AtSource[];
  /**
   * Everything that the order to resume needs, and the order itself, once more.
   * @param complete sends all pages; false = the connection was lost meanwhile.
   * @param isCurrent whether it still stands: if not, the next one is told all of it, and nothing more is said over this.
   */
  resumeAgain: (complete: () => Promise<boolean>, isCurrent: () => boolean) => Promise<void>;
  /** In which the migration goes on. */
  statusAfter: () => MigrationStatus;
}

/**
 * QEMU's postcopy-recover, at the source: once the guest may run at the destination, a lost connection pauses the
 * migration until the destination has made another one and has said what it holds.
 */
export class ConnectionRecovery {
  readonly #parts: Recoverable;
  readonly recoveries: Recovery[] = [];
  #isPaused = false;
  #timer: NodeJS.Timeout | undefined;
  /** The first loss since a page arrived. */
  #lostAtMs: number | null = null;
  /** What had arrived when the connection was last lost or made. */
  #receivedMost = -1;
  #confirmedBytes = 0;

  constructor(parts: Recoverable) {
    this.#parts = parts;
  }

  /** The connection is lost, and both sides haven't agreed over another one yet. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** @returns whether the migration can go on over another connection. */
  lost(): boolean {
    const { control, sender, waiters, recoverMs } = this.#parts;
    if (!control.mayRunAtDestination || waiters.failed) return false;
    const nowMs = monotonicMs();
    if (sender.confirmedBytes > this.#confirmedBytes) this.#lostAtMs = nowMs;
    this.#lostAtMs ??= nowMs;
    this.#isPaused = true;
    sender.isHeld = true;
    control.status = 'postcopy-paused';
    this.recoveries.push({ pausedAtMs: nowMs, recoveredAtMs: null, pagesLost: 0 });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        waiters.fail(
          new LivemigError(
            'TIMEOUT',
            `the destination did not come back to take a page within ${Math.round(recoverMs)} ms after the connection was lost`,
          ),
        );
      },
      Math.max(0, this.#lostAtMs + recoverMs - nowMs),
    );
    this.#timer.unref();
    return true;
  }

  /** Another connection is up. What comes first is done at once, before anyone who waits for the connection goes on. */
  recovered({ received, resumed }: Remains): void {
    const { control, sender, faults, capabilities, waiters, pageCount } = this.#parts;
    clearTimeout(this.#timer);
    control.status = 'postcopy-recover';
    for (const capability of capabilities) capability.recovered?.();
    const underWay = sender.recovered();
    this.#confirmedBytes = sender.confirmedBytes;
    if (received.count > this.#receivedMost) this.#lostAtMs = null;
    this.#receivedMost = Math.max(this.#receivedMost, received.count);
    const missing = PageSet.all(pageCount);
    missing.deleteAll(received);
    if (!resumed) {
      // Where it has an older copy, only what was under way is known to be missing …
      for (const page of underWay) missing.add(page);
      // … and the order to discard older copies may be lost as well.
      missing.addAll(this.#parts.orders.discarded);
    }
    const recovery = this.recoveries.at(-1);
    if (recovery !== undefined) recovery.pagesLost = faults.lost(missing);
    sender.toBeSent(missing);
    this.#goOn(resumed).catch((error: unknown) => {
      waiters.fail(error);
    });
  }

  async #goOn(resumed: boolean): Promise<void> {
    const { server, sender, control, waiters } = this.#parts;
    // Lost again meanwhile: the next one goes on.
    const isCurrent = server.stands();
    // Before any page: a page that overtook it would be discarded, too.
    if (!resumed) await this.#parts.orders.discardAgain();
    if (!isCurrent()) return;
    sender.isHeld = false;
    waiters.poke();
    if (!resumed) await this.#parts.resumeAgain(() => this.#sendUnsent(), isCurrent);
    if (!isCurrent()) return;
    control.status = this.#parts.statusAfter();
    const recovery = this.recoveries.at(-1);
    if (recovery !== undefined) recovery.recoveredAtMs = monotonicMs();
    this.#isPaused = false;
    waiters.poke();
  }

  /** @returns false where the connection was lost meanwhile: then more may be missing than was sent. */
  async #sendUnsent(): Promise<boolean> {
    const { faults, sender, server } = this.#parts;
    const isCurrent = server.stands();
    const { unsent } = faults;
    let cursor = 0;
    while (unsent !== null && unsent.count > 0 && isCurrent())
      cursor = await sender.sendBatch(unsent, cursor);
    return isCurrent();
  }

  /** Until the destination has every page, whatever is lost on the way. */
  async complete(): Promise<void> {
    const { server, waiters } = this.#parts;
    for (;;) {
      await waiters.until(() => !this.#isPaused && server.isConnected);
      if ((await this.#sendUnsent()) && (await server.complete())) break;
    }
    clearTimeout(this.#timer);
  }
}
