import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { serviceOf } from '#catalogue/workloads';
import { guestPingPort, guestServicePort } from '#proto/control';
import type { GuestInfo } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { sectorBytes } from '#proto/guest';
import type { GuestConfig, GuestSample } from '#proto/guest';
import { monotonicMs } from '#proto/units';
import type { DiskControl, Machine } from '../machine.ts';
import type { StorageAddress } from '#proto/storage';
import { attachDisk } from './attached-disk.ts';
import type { AttachedThreadData } from './attached-thread.ts';
import { DiskLease } from './disk-lease.ts';
import type { DiskThreadData } from './disk-thread.ts';
import { diskRateOf } from './disk-load.ts';
import { DiskQueue } from './disk-queue.ts';
import { allocateDisk } from './disk-shared.ts';
import type { DiskBuffers } from './disk-shared.ts';
import { createDiskFile } from './disk-store.ts';
import type { FileStore } from './disk-store.ts';
import { Disk } from './disk.ts';
import { DeviceState, loadRegisters, savedState, seedRegisters } from './device-state.ts';
import { faultRecordOf } from './fault-record.ts';
import type { FaultRecord } from './fault-record.ts';
import { geometryOf, regionContentOf } from './geometry.ts';
import { GuestMemory } from './memory.ts';
import type { Region } from '../region.ts';
import type { NicData } from './nic.ts';
import { threadFor, threadLimits } from './threads.ts';
import { answersBytesOf, requestQueueBytesOf } from './request-queue.ts';
import { allocateGuest, clock, control, runState } from './shared.ts';
import type { GuestBuffers } from './shared.ts';
import type { VcpuData } from './vcpu.ts';

/** Answers and sectors of kilobytes make garbage; tiny generations would be collected all the time. */
const serviceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 64 };
/** Pages filled between two looks at the event loop. */
const bootChunkPages = 4096;
const bootChunkBlocks = 64;
const parkTimeoutMs = 10_000;
/** Writes in flight cross the link, which may be slow; the end of a migration ends them too. */
const drainTimeoutMs = 120_000;
const parkSpinMs = 10;

/** A guest on this host: its memory, its vCPU threads, its network card. */
export class Guest implements Machine {
  readonly config: GuestConfig;
  readonly buffers: GuestBuffers;
  readonly memory: GuestMemory;
  readonly regions: readonly Region[];
  onFault: (page: number, vcpu: number) => void = () => undefined;
  readonly #controls: Int32Array;
  readonly #waiting: Int32Array;
  readonly #clocks: Float64Array;
  readonly #workers: Worker[] = [];
  readonly #disk: { disk: Disk; buffers: DiskBuffers; file: FileStore; queue: DiskQueue } | null;
  readonly leasedDisk: DiskLease | null;
  /** Makes the requests of a disk that stays. */
  #attached: Worker | null = null;
  /** Threads that stop with the guest: vCPUs, and the disk's if the workload uses it. */
  #stopping = 0;
  #deviceState: DeviceState | null = null;
  #isDestroyed = false;

  private constructor(config: GuestConfig, holder: string, storage: StorageAddress | undefined) {
    this.config = config;
    this.buffers = allocateGuest(geometryOf(config).pageCount, config.vcpus, config.seed, {
      requestQueueBytes: requestQueueBytesOf(config),
    });
    this.memory = new GuestMemory(this.buffers, config.seed, regionContentOf(config));
    this.#disk = null;
    this.leasedDisk = null;
    if (config.disk !== undefined && storage !== undefined)
      this.leasedDisk = new DiskLease(
        attachDisk(config.disk, config.seed, this.buffers.pool),
        storage,
        holder,
      );
    else if (config.disk !== undefined) {
      const buffers = allocateDisk(config.disk, config.seed, this.buffers.pool);
      const file = createDiskFile(config.disk);
      const disk = new Disk(buffers, file);
      this.#disk = { disk, buffers, file, queue: new DiskQueue(disk, buffers.control) };
    }
    this.regions = this.#disk === null ? [this.memory] : [this.memory, this.#disk.disk];
    this.#controls = new Int32Array(this.buffers.control);
    this.#waiting = new Int32Array(this.buffers.waiting);
    this.#clocks = new Float64Array(this.buffers.clocks);
  }

  /**
   * Boots a guest, paused. On the source its footprint is populated; on the destination memory is empty and, with
   * `prealloc`, backed.
   * @param address the guest's own address, which its network card answers on.
   * @param storage where its disk is, of a guest whose disk stays there.
   */
  static async boot(
    config: GuestConfig,
    host: 'source' | 'destination',
    address: string,
    storage?: StorageAddress,
  ): Promise<[Guest, GuestInfo]> {
    const startedAtMs = monotonicMs();
    const guest = new Guest(config, host, storage);
    const { pageCount } = geometryOf(config);
    try {
      await guest.leasedDisk?.open(host);
      // They take as long to start as memory takes to fill, and touch none of it before the guest runs.
      const threads = guest.#startThreads(host, address);
      threads.catch(() => undefined);
      const nonZeroPages = await guest.#populate(host);
      await threads;
      return [guest, { pageCount, nonZeroPages, bootMs: monotonicMs() - startedAtMs }];
    } catch (error) {
      await guest.destroy();
      throw error;
    }
  }

  /** Fills memory and disk at the source; at the destination, backs the footprint. Returns its pages. */
  async #populate(host: 'source' | 'destination'): Promise<number> {
    const { basePages, regionFirst, regionPages } = geometryOf(this.config);
    const footprint = [
      [0, basePages],
      [Math.max(regionFirst, basePages), regionFirst + regionPages],
    ] as const;
    let nonZeroPages = 0;
    for (const [first, end] of footprint)
      for (let page = first; page < end; page++) {
        if (host === 'source') this.memory.writeVersion(page, 1);
        else if (this.config.prealloc) this.memory.populate(page);
        if (++nonZeroPages % bootChunkPages === 0) await nextTurn();
      }
    if (host === 'source') {
      await this.#fillDisk();
      this.memory.markAllPresent();
      seedRegisters(this.config, this.buffers);
      this.#deviceState = await DeviceState.prepare(this.config, this.buffers);
    }
    return nonZeroPages;
  }

  /** What the disk holds before the guest boots. */
  async #fillDisk(): Promise<void> {
    if (this.#disk === null) return;
    const { disk, buffers } = this.#disk;
    const { allocatedBytes } = buffers.config;
    const end = allocatedBytes / sectorBytes;
    for (let block = 0; block * disk.blockSizeBytes < allocatedBytes; block++) {
      disk.fill(block, end);
      if (block % bootChunkBlocks === 0) await nextTurn();
    }
    disk.markAllPresent();
  }

  async #startThreads(host: 'source' | 'destination', address: string): Promise<void> {
    const service = serviceOf(this.config.workload);
    const answers: SharedArrayBuffer[] = [];
    const bells: MessagePort[] = [];
    for (let vcpu = 0; vcpu < this.config.vcpus; vcpu++) {
      const workerData: VcpuData = { buffers: this.buffers, guest: this.config, vcpu };
      if (service !== null) {
        const { port1: bell, port2: heard } = new MessageChannel();
        workerData.answering = { answers: new SharedArrayBuffer(answersBytesOf(service)), bell };
        answers.push(workerData.answering.answers);
        bells.push(heard);
      }
      const { answering } = workerData;
      const worker = threadFor('vcpu', workerData, answering === undefined ? [] : [answering.bell]);
      worker.on('message', (page: number) => {
        this.onFault(page, vcpu);
      });
      // No 'error' listener: a vCPU that dies takes the agent with it, as nothing measured after it would be true.
      this.#workers.push(worker);
    }
    this.#stopping = this.config.vcpus;
    if (this.#disk !== null && diskRateOf(this.config) > 0) {
      const { buffers, file, queue } = this.#disk;
      const workerData: DiskThreadData = {
        buffers,
        fd: file.fd,
        guest: this.config,
        control: this.buffers.control,
      };
      // Likewise for the disk: a failed write must not pass for one that was made.
      const worker = new Worker(new URL(import.meta.resolve('#hosts/guest/disk-thread')), {
        workerData,
        resourceLimits: threadLimits,
      });
      worker.on('message', (block: number) => {
        queue.told(block);
      });
      this.#workers.push(worker);
      this.#stopping++;
    }
    if (this.leasedDisk !== null && diskRateOf(this.config) > 0) {
      const { buffers, storage } = this.leasedDisk;
      const workerData: AttachedThreadData = {
        buffers,
        storage,
        holder: host,
        guest: this.config,
        control: this.buffers.control,
      };
      // Likewise.
      this.#attached = new Worker(new URL(import.meta.resolve('#hosts/guest/attached-thread')), {
        workerData,
        resourceLimits: serviceLimits,
      });
      this.#workers.push(this.#attached);
      this.#stopping++;
    }
    const workerData: NicData = {
      control: this.buffers.control,
      address,
      port: guestPingPort,
      hostNumber: host === 'source' ? 1 : 2,
      ...(service === null
        ? {}
        : {
            service: {
              service,
              port: guestServicePort,
              vcpus: this.config.vcpus,
              registers: this.buffers.registers,
              answers,
              bells,
            },
          }),
    };
    const nic = threadFor('nic', workerData, bells, service === null ? threadLimits : serviceLimits);
    this.#workers.push(nic);
    await new Promise<void>((resolve, reject) => {
      nic.once('message', () => {
        resolve();
      });
      nic.once('error', (cause) => {
        reject(
          new LivemigError('TESTBED_FAILED', `the guest's network card can't take ${address}`, { cause }),
        );
      });
    });
    await this.#untilParked();
  }

  saveDeviceState(): { state: Buffer; digest: Buffer } {
    return savedState(this.#deviceState);
  }

  loadRegisters(registers: Buffer): void {
    loadRegisters(this.buffers, registers);
  }

  get disk(): DiskControl | null {
    return this.#disk?.queue ?? null;
  }

  get faults(): FaultRecord {
    return faultRecordOf(this.buffers);
  }

  get isRunning(): boolean {
    return Atomics.load(this.#controls, control.runState) === runState.running;
  }

  /** Lets every vCPU run. */
  resume(): void {
    this.#enter(runState.running);
    this.#attached?.postMessage(runState.running);
  }

  #enter(state: number): void {
    Atomics.store(this.#controls, control.runState, state);
    Atomics.notify(this.#controls, control.runState);
    Atomics.add(this.#controls, control.doorbell, 1);
    Atomics.notify(this.#controls, control.doorbell);
  }

  /**
   * Stops every vCPU at an instruction boundary; resolves when all are out of the guest.
   * @throws LivemigError TIMEOUT when a vCPU stays blocked on a missing page.
   */
  async pause(drains = true): Promise<void> {
    this.#enter(runState.paused);
    if (drains) this.#attached?.postMessage(runState.paused);
    await this.#untilParked(drains || this.#attached === null ? this.#stopping : this.#stopping - 1);
  }

  get #isDraining(): boolean {
    return this.#disk?.queue.isDraining === true || this.leasedDisk?.isDraining === true;
  }

  async #untilParked(stopping = this.#stopping): Promise<void> {
    const startedAtMs = monotonicMs();
    for (;;) {
      const parked = Atomics.load(this.#controls, control.parked);
      if (parked >= stopping) return;
      const waitedMs = monotonicMs() - startedAtMs;
      if (waitedMs > (this.#isDraining ? drainTimeoutMs : parkTimeoutMs))
        throw new LivemigError(
          'TIMEOUT',
          `${parked} of ${stopping} threads of the guest stopped within ${Math.round(waitedMs)} ms`,
        );
      // A running vCPU stops within microseconds, and this wait is part of the downtime, so it begins by asking again
      // and again. Not Atomics.waitAsync: it has been seen to miss a notification (Node 24.21).
      await (waitedMs < parkSpinMs ? nextTurn() : sleep(1));
    }
  }

  /** Takes this share of their time from the vCPUs, in percent (QEMU's cpu_throttle_set). */
  throttle(percent: number): void {
    Atomics.store(this.#controls, control.throttlePercent, percent);
  }

  /** Wakes the vCPUs that wait for a page that has arrived. */
  wakeWaiters(): void {
    for (let vcpu = 0; vcpu < this.config.vcpus; vcpu++) {
      const page = Atomics.load(this.#waiting, vcpu);
      if (page === -1 || !this.memory.isPresent(page)) continue;
      if (Atomics.compareExchange(this.#waiting, vcpu, page, -1) === page)
        Atomics.notify(this.#waiting, vcpu);
    }
  }

  /** When the first vCPU ran its first instruction here, in ms on CLOCK_MONOTONIC; null = none has. */
  get firstInstructionAtMs(): number | null {
    const moments = this.#perVcpu(clock.firstInstructionMs).filter((at) => at > 0);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  /** When the last vCPU ran its last instruction here; now, while the guest runs; null before it ever ran. */
  get lastInstructionAtMs(): number | null {
    if (this.isRunning) return monotonicMs();
    const moment = Math.max(...this.#perVcpu(clock.lastInstructionMs));
    return moment > 0 ? moment : null;
  }

  /** Time that throttling has taken from the vCPUs since boot on this host, summed over vCPUs, in ms. */
  get throttledMs(): number {
    return this.#perVcpu(clock.throttledMs).reduce((sum, ms) => sum + ms, 0);
  }

  get cpuS(): number {
    return this.#perVcpu(clock.cpuS).reduce((sum, seconds) => sum + seconds, 0);
  }

  sample(): GuestSample {
    const sum = (word: number): number => this.#perVcpu(word).reduce((total, value) => total + value, 0);
    return {
      atMs: monotonicMs(),
      operations: sum(clock.operations),
      pagesDirtied: sum(clock.dirtied),
      stalledMs: sum(clock.stalledMs),
    };
  }

  /** One word of every vCPU's clock block. */
  #perVcpu(word: number): number[] {
    return Array.from(
      { length: this.config.vcpus },
      (_, vcpu) => this.#clocks[vcpu * clock.words + word] ?? 0,
    );
  }

  /** Ends every thread. The memory goes when the last reference does. */
  async destroy(): Promise<void> {
    this.#enter(runState.stopped);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    if (!this.#isDestroyed) this.#disk?.file.close();
    this.leasedDisk?.close();
    this.#isDestroyed = true;
  }
}
