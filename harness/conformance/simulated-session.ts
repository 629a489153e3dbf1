import { PageSet } from '../../hosts/guest/page-set.ts';
import { guarded } from '../../hosts/legal-order.ts';
import type { Clock, MigrationSession } from '../../hosts/ports.ts';
import { DemandFaults } from '../../hosts/transfer/demand-faults.ts';
import { Pacer } from '../../hosts/transfer/pacer.ts';
import { LivemigError } from '../../proto/errors.ts';
import { defaultLimits } from '../../proto/strategy.ts';
import type { FaultMode, Limits } from '../../proto/strategy.ts';

export interface Simulation {
  pageCount: number;
  bytesPerMs: number;
  rttMs: number;
  dirtyPagesPerMs: number;
  /** Pages the guest works on, from page 0. */
  regionPages: number;
  seed: number;
  limits?: Partial<Limits>;
  faults?: FaultMode;
  dirtyBitmap?: boolean;
  /** Takes the link's time after the last pages; saving and loading take 1 ms whatever its size. */
  deviceStateBytes?: number;
  /** The nth call of any port fails, counted from 1; 0 = none does. */
  failCall?: number;
}

/** 1 Gb/s at 5.5 ms with a guest of 4 MiB that dirties a quarter of what the link carries. */
export const gigabitSimulation: Simulation = {
  pageCount: 1024,
  bytesPerMs: 125_000,
  rttMs: 5.5,
  dirtyPagesPerMs: 7,
  regionPages: 256,
  seed: 1,
};

const pageSizeBytes = 4096;
const batchPages = 32;
/** Ends a strategy that would never end; the largest simulation of the suite makes some thousand. */
const callsMax = 1_000_000;
const never = new AbortController().signal;

/**
 * A migration in virtual time: a guest that dirties pages, a link with a rate and a round trip, a destination that
 * keeps what it is sent. It knows the truth about every page, so it can judge any strategy.
 */
export class SimulatedSession {
  readonly #simulation: Simulation;
  readonly limits: Limits;
  readonly #dirty: PageSet;
  readonly #version: number[];
  /** Version of the destination's copy, by page; 0 = it has none. */
  readonly #received: number[];
  readonly #unconfirmed: { atMs: number; bytes: number }[] = [];
  readonly #demand: DemandFaults;
  readonly #clock: Clock;
  readonly #pacer: Pacer;
  #unsent: PageSet | null = null;
  /** The page that the guest waits for where faults block the push. */
  #blockedOn: number | null = null;
  #isFirstSync = true;
  #work = 0;
  #random: number;
  guestAt: 'source' | 'nowhere' | 'destination' = 'source';
  nowMs = 0;
  sentBytes = 0;
  confirmedBytes = 0;
  sentPages = 0;
  calls = 0;
  rounds = 0;
  faults = 0;
  sentTwiceInPostcopy = 0;
  staleReads = 0;
  pausedAtMs = Number.NaN;
  resumedAtMs = Number.NaN;
  isComplete = false;
  /** Every bulk message: when it went, and its bytes. */
  readonly sends: { atMs: number; bytes: number }[] = [];

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.limits = { ...defaultLimits, ...simulation.limits };
    this.#dirty = new PageSet(simulation.pageCount);
    this.#version = Array.from({ length: simulation.pageCount }, () => 1);
    this.#received = Array.from({ length: simulation.pageCount }, () => 0);
    this.#random = (simulation.seed * 2654435761) | 1;
    this.#clock = {
      nowMs: () => this.nowMs,
      sleep: (durationMs) =>
        this.#call(() => {
          this.#advance(durationMs);
        }),
    };
    this.#pacer = new Pacer(this.#clock);
    this.#pacer.rateMbps = this.limits.maxBandwidthMbps;
    this.#demand = new DemandFaults(
      simulation.faults ?? 'preempt',
      (page) => {
        this.#received[page] = this.#version[page] ?? 0;
        this.#pacer.sentUrgent(pageSizeBytes);
        this.nowMs += simulation.rttMs;
      },
      () => {
        this.#pacer.interrupt();
      },
    );
  }

  /** Pages of the destination that are not what the guest last wrote. */
  get mismatches(): number {
    return this.#version.filter((version, page) => this.#received[page] !== version).length;
  }

  get downtimeMs(): number {
    return this.resumedAtMs - this.pausedAtMs;
  }

  #nextPage(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % Math.min(this.#simulation.regionPages, this.#simulation.pageCount);
  }

  /** Lets time pass: the guest works wherever it is. */
  #advance(ms: number): void {
    this.nowMs += ms;
    while ((this.#unconfirmed[0]?.atMs ?? Infinity) <= this.nowMs)
      this.confirmedBytes += this.#unconfirmed.shift()?.bytes ?? 0;
    if (this.guestAt === 'nowhere' || this.#blockedOn !== null) return;
    this.#work += ms * this.#simulation.dirtyPagesPerMs;
    for (; this.#work >= 1; this.#work--) if (!this.#touch(this.#nextPage())) break;
  }

  /** Returns whether the guest can go on. */
  #touch(page: number): boolean {
    if (this.guestAt === 'destination') {
      // A copy that is there is used, be it stale.
      if (this.#received[page] === 0 && this.#unsent?.has(page) === true) {
        this.faults++;
        this.#demand.requested(page);
        // What still isn't here comes with the push: the guest waits.
        if (this.#unsent.has(page)) {
          this.#blockedOn = page;
          return false;
        }
      }
      if (this.#received[page] !== this.#version[page]) this.staleReads++;
      this.#version[page] = (this.#version[page] ?? 0) + 1;
      this.#received[page] = this.#version[page];
    } else {
      this.#version[page] = (this.#version[page] ?? 0) + 1;
      this.#dirty.add(page);
    }
    return true;
  }

  /** Of a port: counted, and made to fail when its turn has come. */
  #call<T>(act: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (++this.calls === this.#simulation.failCall) throw new Error(`call ${this.calls} fails`);
      if (this.calls > callsMax)
        throw new LivemigError('TIMEOUT', `${callsMax} calls of the session, and the guest has not moved`);
      resolve(act());
    });
  }

  #send(pages: PageSet, from: number, skip: (page: number) => boolean): number {
    let cursor = from;
    let sent = 0;
    while (sent < batchPages && pages.count > 0) {
      let page = pages.next(cursor);
      if (page === -1) page = pages.next(0);
      pages.delete(page);
      cursor = page + 1;
      if (skip(page)) continue;
      sent++;
      // Where the guest runs, a copy that is there is the guest's own, and stays.
      if (this.guestAt === 'destination' && this.#received[page] !== 0) this.sentTwiceInPostcopy++;
      else this.#received[page] = this.#version[page] ?? 0;
      if (page === this.#blockedOn) this.#blockedOn = null;
    }
    const bytes = sent * pageSizeBytes;
    this.sends.push({ atMs: this.nowMs, bytes });
    this.#pacer.sent(bytes);
    this.sentPages += sent;
    this.sentBytes += bytes;
    this.#unconfirmed.push({
      atMs: this.nowMs + bytes / this.#simulation.bytesPerMs + this.#simulation.rttMs,
      bytes,
    });
    this.#advance(bytes / this.#simulation.bytesPerMs);
    return cursor;
  }

  /** The ports that the strategy under test gets, held to the legal order as in the agent. */
  ports(): MigrationSession {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- getters of an object literal have a `this` of their own
    const simulated = this;
    const { rttMs, pageCount, bytesPerMs, deviceStateBytes = 0 } = this.#simulation;
    const call = <T>(act: () => T): Promise<T> => this.#call(act);
    return guarded({
      guest: {
        deviceStateBytes,
        pause: () =>
          call(() => {
            this.guestAt = 'nowhere';
            this.pausedAtMs = this.nowMs;
            if (this.sentPages > 0) this.#pacer.rateMbps = 0;
          }),
      },
      memory: {
        pageCount,
        pageSizeBytes,
        noPages: () => new PageSet(pageCount),
        sync: () => {
          const all = this.#isFirstSync;
          this.#isFirstSync = false;
          const taken = PageSet.of(
            pageCount,
            [...this.#dirty.runs()].flatMap(({ first, count }) =>
              Array.from({ length: count }, (_, i) => first + i),
            ),
          );
          for (const { first, count } of taken.runs())
            for (let page = first; page < first + count; page++) this.#dirty.delete(page);
          return all || this.#simulation.dirtyBitmap === false ? PageSet.all(pageCount) : taken;
        },
        isDirty: (page) => this.#dirty.has(page),
      },
      pages: {
        sendBatch: async (pages, from, skip) => {
          const next = await call(() => this.#send(pages, from, skip ?? (() => false)));
          if (this.#pacer.isOn && pages.count > 0) await this.#pacer.untilDue(never);
          return next;
        },
        barrier: () =>
          call(() => {
            this.#advance(rttMs);
          }),
        fence: () => call(() => undefined),
        get sentBytes() {
          return simulated.sentBytes;
        },
        get confirmedBytes() {
          return simulated.confirmedBytes;
        },
        get sentPages() {
          return simulated.sentPages;
        },
      },
      destination: {
        prime: () =>
          call(() => {
            this.#advance(rttMs);
          }),
        discard: (pages) =>
          call(() => {
            for (const { first, count } of pages.runs()) this.#received.fill(0, first, first + count);
          }),
        sendDeviceState: () =>
          call(() => {
            this.#advance(1 + deviceStateBytes / bytesPerMs);
          }),
        resume: () =>
          call(() => {
            this.#advance(rttMs / 2);
            this.guestAt = 'destination';
            this.resumedAtMs = this.nowMs;
            this.#pacer.rateMbps = this.limits.maxPostcopyBandwidthMbps;
          }),
        complete: () =>
          call(() => {
            this.#advance(rttMs);
            this.isComplete = true;
          }),
      },
      faults: {
        serve: (unsent) => {
          this.#unsent = unsent;
          this.#demand.serve(unsent);
        },
        take: () => this.#demand.take(),
        blocksPush: this.#demand.blocksPush,
      },
      limits: this.limits,
      clock: this.#clock,
      roundEnded: () => {
        this.rounds++;
      },
    });
  }
}
