import { codeOf } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';
import type { GuestConfig } from '#proto/guest';
import type { Cancel, MigrationClock } from '../clock.ts';
import { diskQueueDepth } from '../machine.ts';
import type { SharedDisk } from '../storage/shared-disk.ts';
import type { AttachedDisk } from './attached-disk.ts';
import { DiskRequests } from './disk-load.ts';
import { StepPace } from './pace.ts';

/** What a guest meets as an error of its disk. Anything else is a bug, or a storage that can't be trusted. */
const ioErrors: readonly ErrorCode[] = [
  'LEASE_LOST',
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
  'TIMEOUT',
  'DISK_FULL',
  'STORAGE_FAILED',
];
/** After an error the guest makes no requests for so long: they would fail as fast as they are made. */
const restMs = 10;

const failed = Symbol('an error of the disk');

/**
 * What a guest does with a disk on the storage host: random reads and writes, up to 32 at a time, each compared with what
 * this guest last wrote there. Two on one sector come one after the other.
 */
export class AttachedLoad {
  readonly #disk: AttachedDisk;
  readonly #line: SharedDisk;
  readonly #clock: Pick<MigrationClock, 'nowMs' | 'timer'>;
  readonly #requests: DiskRequests;
  readonly #pace: StepPace;
  /** By sector: the request that was made last. */
  readonly #underWay = new Map<number, Promise<void>>();
  #isRunning = false;
  #due = 0;
  #restsUntilMs = 0;
  #nextTurn: Cancel = () => undefined;
  #drained: () => void = () => undefined;
  readonly #onBug: (error: unknown) => void;

  /** @param onBug hears of what is no error of the disk */
  constructor(
    disk: AttachedDisk,
    line: SharedDisk,
    guest: Pick<GuestConfig, 'workload' | 'seed'>,
    clock: Pick<MigrationClock, 'nowMs' | 'timer'>,
    onBug: (error: unknown) => void,
  ) {
    this.#disk = disk;
    this.#line = line;
    this.#clock = clock;
    this.#onBug = onBug;
    this.#requests = new DiskRequests(guest);
    this.#pace = new StepPace(this.#requests);
  }

  /** By the lease that this host has acquired. */
  resume(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#line.adopt(this.#disk.epoch);
    if (this.#requests.stepsPerSecond === 0) return;
    this.#pace.begin(this.#clock.nowMs());
    this.#turn();
  }

  /** QEMU's bdrv_drain_all and bdrv_flush: resolves when no request is under way and the storage has flushed. */
  async pause(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#due = 0;
    this.#nextTurn();
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      if (this.#disk.inFlight === 0) resolve();
    });
    this.#drained = () => undefined;
    await this.#attempt(() => this.#line.flush());
  }

  #turn(): void {
    const nowMs = this.#clock.nowMs();
    this.#due = nowMs < this.#restsUntilMs ? 0 : (this.#pace.due(nowMs) ?? 0);
    this.#fill();
    this.#nextTurn = this.#clock.timer(this.#pace.sleepMs, () => {
      if (this.#isRunning) this.#turn();
    });
  }

  /** Makes the requests that are due, as far as the queue has room. */
  #fill(): void {
    for (; this.#due > 0 && this.#disk.inFlight < diskQueueDepth; this.#due--) {
      this.#pace.did(1);
      this.#make().catch(this.#onBug);
    }
  }

  async #make(): Promise<void> {
    const { sector, isWrite } = this.#requests.next();
    const before = this.#underWay.get(sector);
    const request = (async () => {
      await before;
      if (isWrite) await this.#write(sector);
      else await this.#read(sector);
    })();
    this.#underWay.set(sector, request);
    this.#disk.underWay(1);
    try {
      await request;
    } finally {
      if (this.#underWay.get(sector) === request) this.#underWay.delete(sector);
      this.#disk.underWay(-1);
      if (this.#disk.inFlight === 0) this.#drained();
    }
    if (this.#isRunning) this.#fill();
  }

  /** @throws what is no error of the disk */
  async #attempt<T>(act: () => Promise<T>): Promise<T | typeof failed> {
    try {
      return await act();
    } catch (error) {
      if (!ioErrors.includes(codeOf(error))) throw error;
      this.#disk.failed();
      this.#restsUntilMs = this.#clock.nowMs() + restMs;
      this.#due = 0;
      return failed;
    }
  }

  /** One request to the storage. */
  async #timed<T>(act: () => Promise<T>): Promise<T> {
    const sentAtMs = this.#clock.nowMs();
    const answer = await act();
    this.#disk.answered(this.#clock.nowMs() - sentAtMs, !this.#isRunning);
    return answer;
  }

  /** @returns whether there was something to see */
  async #read(sector: number): Promise<boolean> {
    const data = await this.#attempt(() => this.#timed(() => this.#line.read(sector, 1)));
    if (data === failed) return false;
    this.#disk.saw(sector, data);
    return true;
  }

  async #write(sector: number): Promise<void> {
    // What it has never touched here it has to see first, as only its contents tell their version.
    if (this.#disk.knownVersion(sector) === -1 && !(await this.#read(sector))) return;
    const version = Math.max(0, this.#disk.knownVersion(sector)) + 1;
    const sentAtMs = this.#clock.nowMs();
    await this.#attempt(async () => {
      try {
        await this.#timed(() => this.#line.write(sector, this.#disk.sectorOf(sector, version)));
        this.#disk.wrote(sector, version, sentAtMs);
      } catch (error) {
        // Refused means that nothing was written. Without an answer nobody knows.
        if (codeOf(error) !== 'LEASE_LOST') this.#disk.mayHaveWritten(sector);
        throw error;
      }
    });
  }
}
