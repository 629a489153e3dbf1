import type { Recovery } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { MigrationStatus } from '#proto/strategy';
import type { AtSource } from '#catalogue/capability';
import type { BlockSpace } from './block-space.ts';
import { PageSet } from './guest/page-set.ts';
import type { Cancel, MigrationClock } from './clock.ts';
import type { MigrationControl } from './migration-control.ts';
import type { Region } from './region.ts';
import type { DemandFaults } from './transfer/demand-faults.ts';
import type { DestinationOrders } from './transfer/destination-orders.ts';
import type { LinkPageSender } from './transfer/page-sender.ts';
import type { Remains } from './transfer/rules-at-source.ts';
import type { SourceServer } from './transfer/source-server.ts';
import type { Waiters } from './transfer/waiters.ts';

export interface Recoverable {
  clock: MigrationClock;
  server: SourceServer;
  sender: LinkPageSender;
  orders: DestinationOrders;
  faults: DemandFaults;
  control: MigrationControl;
  waiters: Waiters;
  /** How long, in ms, connections may be lost and made again without a page arriving in between. */
  recoverMs: number;
  space: BlockSpace<Region>;
  capabilities: readonly AtSource[];
  /**
   * Sends again everything that the order to resume needs, and the order itself.
   * @param sendMissing sends what is missing: all of it, or what the guest needs before it runs; false = the connection
   *   was lost meanwhile.
   * @param isCurrent whether the connection still stands: if not, all of this is repeated over the next one.
   */
  resumeAgain: (
    sendMissing: (which: 'all' | 'mustPrecopy') => Promise<boolean>,
    isCurrent: () => boolean,
  ) => Promise<void>;
  /** The status in which the migration continues. */
  statusAfter: () => MigrationStatus;
}

/**
 * QEMU's postcopy-recover, at the source: once the guest may run at the destination, a lost connection pauses the
 * migration until the destination has made another one and said what it holds.
 */
export class ConnectionRecovery {
  readonly #parts: Recoverable;
  readonly recoveries: Recovery[] = [];
  #isPaused = false;
  #rest: Cancel = () => undefined;
  /** The first loss since a page arrived. */
  #lostAtMs: number | null = null;
  /** How much had arrived when the connection was last lost or made. */
  #receivedMost = -1;
  #confirmedBytes = 0;

  constructor(parts: Recoverable) {
    this.#parts = parts;
  }

  /** The connection is lost, and the two sides haven't agreed over another one yet. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** @returns whether the migration can continue over another connection. */
  lost(): boolean {
    const { clock, control, sender, waiters, recoverMs } = this.#parts;
    if (!control.mayRunAtDestination || waiters.failed) return false;
    const nowMs = clock.nowMs();
    if (sender.confirmedBytes > this.#confirmedBytes) this.#lostAtMs = nowMs;
    this.#lostAtMs ??= nowMs;
    this.#isPaused = true;
    sender.isHeld = true;
    control.status = 'postcopy-paused';
    this.recoveries.push({ pausedAtMs: nowMs, recoveredAtMs: null, pagesLost: 0 });
    this.#rest();
    this.#rest = clock.timer(Math.max(0, this.#lostAtMs + recoverMs - nowMs), () => {
      waiters.fail(
        new LivemigError(
          'TIMEOUT',
          `the destination did not come back to take a page within ${Math.round(recoverMs)} ms after the connection was lost`,
        ),
      );
    });
    return true;
  }

  /**
   * Another connection is up. What must come first is done at once, before anyone waiting for the connection continues.
   */
  recovered({ received, resumed }: Remains): void {
    const { control, sender, faults, capabilities, waiters, space } = this.#parts;
    this.#rest();
    control.status = 'postcopy-recover';
    for (const capability of capabilities) capability.recovered?.();
    const underWay = sender.recovered();
    this.#confirmedBytes = sender.confirmedBytes;
    if (received.count > this.#receivedMost) this.#lostAtMs = null;
    this.#receivedMost = Math.max(this.#receivedMost, received.count);
    const missing = PageSet.all(space.blockCount);
    missing.deleteAll(received);
    if (!resumed) {
      // If it has an older copy, only what was in flight is known to be missing …
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
    // Lost again meanwhile: the next connection carries on.
    const isCurrent = server.stands();
    // Before any page: a page that overtook it would be discarded, too.
    if (!resumed) await this.#parts.orders.discardAgain();
    if (!isCurrent()) return;
    sender.isHeld = false;
    waiters.poke();
    if (!resumed) await this.#parts.resumeAgain((which) => this.#sendUnsent(which), isCurrent);
    if (!isCurrent()) return;
    control.status = this.#parts.statusAfter();
    const recovery = this.recoveries.at(-1);
    if (recovery !== undefined) recovery.recoveredAtMs = this.#parts.clock.nowMs();
    this.#isPaused = false;
    waiters.poke();
  }

  /** @returns false if the connection was lost meanwhile: more may be missing then. */
  async #sendUnsent(which: 'all' | 'mustPrecopy' = 'all'): Promise<boolean> {
    const { faults, sender, server, space } = this.#parts;
    const isCurrent = server.stands();
    let { unsent } = faults;
    if (unsent !== null && which === 'mustPrecopy') {
      const must = space.mustPrecopy(unsent);
      unsent.deleteAll(must);
      unsent = must;
    }
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
    this.#rest();
  }

  /** The migration has ended, well or not. */
  close(): void {
    this.#rest();
  }
}
