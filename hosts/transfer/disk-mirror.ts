import type { Limits } from '#catalogue/common-limits';
import { diskQueueDepth } from '../machine.ts';
import type { DiskControl } from '../machine.ts';
import type { Waiters } from './waiters.ts';

export interface DiskMirrorParts {
  disk: DiskControl;
  waiters: Waiters;
  /** Whether `send` may be called now. */
  canSend: () => boolean;
  /** Sends blocks of the disk in a message on the first channel. Returns its sequence. */
  send: (blocks: number[]) => number;
  /** Blocks of a message at most. */
  blocksMax: number;
  /** Writes in flight at most, when it starts. */
  inFlightMost: () => number;
  /** This many more writes are on both hosts. */
  done: (writes: number) => void;
}

/** Of the downtime limit, for writes in flight; the rest is for what is dirty, which a stop rule counts. */
const downtimeShare = 0.5;

/**
 * Mirrored writes that may be in flight, one at least: pausing the guest waits for them, and no stop rule counts them, so
 * they have to cross the link in a part of the downtime limit.
 * @param measuredBytesPerMs of the migration so far
 */
export const writesInFlightMost = (
  {
    downtimeLimitMs,
    availSwitchoverBandwidthMbps,
  }: Pick<Limits, 'downtimeLimitMs' | 'availSwitchoverBandwidthMbps'>,
  measuredBytesPerMs: number,
  blockSizeBytes: number,
): number => {
  const bytesPerMs =
    availSwitchoverBandwidthMbps > 0 ? (availSwitchoverBandwidthMbps * 1000) / 8 : measuredBytesPerMs;
  const fitting = Math.floor((downtimeShare * downtimeLimitMs * bytesPerMs) / blockSizeBytes);
  return Math.min(diskQueueDepth, Math.max(1, fitting));
};

/**
 * Mirrored writes (QEMU's mirror job with copy-mode write-blocking): each write of the guest goes to the destination at
 * once, and is done only when it is on both hosts. A disk that is written faster than the link carries then waits for
 * the link, instead of never converging.
 */
export class DiskMirror {
  readonly #parts: DiskMirrorParts;
  /** Blocks to be sent, with the writes that wait for each. */
  readonly #queued = new Map<number, number>();
  /** Messages in flight, with the writes that wait for each. */
  #underWay: { sequence: number; writes: number }[] = [];
  #isOn = false;
  #isWaiting = false;

  constructor(parts: DiskMirrorParts) {
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  start(): void {
    this.#isOn = true;
    this.#parts.disk.mirror((block) => {
      // Sent from here, so a bitmap sync need not find it. Cleaned before its bytes are copied, so that a write
      // meanwhile is reported again.
      this.#parts.disk.clean(block);
      this.#queued.set(block, (this.#queued.get(block) ?? 0) + 1);
      this.#flush();
    }, this.#parts.inFlightMost());
  }

  /** No write waits for the destination any more. */
  stop(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#queued.clear();
    this.#underWay = [];
    this.#parts.disk.mirror(null);
  }

  /** Everything on the first channel up to `sequence` is at the destination. */
  confirmed(sequence: number): void {
    let writes = 0;
    while (this.#underWay[0] !== undefined && this.#underWay[0].sequence <= sequence)
      writes += this.#underWay.shift()!.writes;
    if (writes === 0) return;
    this.#parts.done(writes);
    this.#parts.disk.acknowledge(writes);
  }

  /** Sends what is queued; what arrives while nothing can be sent goes into the next message together. */
  #flush(): void {
    const { waiters, canSend, blocksMax, send } = this.#parts;
    if (this.#isWaiting || this.#queued.size === 0) return;
    if (!canSend()) {
      this.#isWaiting = true;
      const goOn = (): void => {
        this.#isWaiting = false;
        this.#flush();
      };
      // A migration that has failed stops the mirror.
      waiters.until(canSend).then(goOn, () => undefined);
      return;
    }
    const taken = [...this.#queued].slice(0, blocksMax).sort(([left], [right]) => left - right);
    for (const [block] of taken) this.#queued.delete(block);
    const writes = taken.reduce((sum, [, each]) => sum + each, 0);
    this.#underWay.push({ sequence: send(taken.map(([block]) => block)), writes });
    this.#flush();
  }
}
