import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { guestPingPort } from '../../proto/control.ts';
import type { GuestInfo } from '../../proto/control.ts';
import { LivemigError } from '../../proto/errors.ts';
import type { GuestConfig, GuestSample } from '../../proto/guest.ts';
import { monotonicMs } from '../../proto/units.ts';
import { DeviceState } from './device-state.ts';
import { geometryOf, regionContentOf } from './geometry.ts';
import { GuestMemory } from './memory.ts';
import type { NicData } from './nic.ts';
import { allocateGuest, clock, control, registerWords, runState } from './shared.ts';
import type { GuestBuffers } from './shared.ts';
import type { VcpuData } from './vcpu.ts';

/** Guest threads keep next to nothing on their heaps; V8 would reserve tens of MiB for each. */
const threadLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };
/** Pages filled between two looks at the event loop. */
const bootChunkPages = 4096;
const parkTimeoutMs = 10_000;
const parkSpinMs = 10;

/** A guest on this host: its memory, its vCPU threads, its network card. */
export class Guest {
  readonly config: GuestConfig;
  readonly buffers: GuestBuffers;
  readonly memory: GuestMemory;
  /** Called on the main thread for every page that a vCPU waits for. */
  onFault: (page: number, vcpu: number) => void = () => undefined;
  readonly #controls: Int32Array;
  readonly #waiting: Int32Array;
  readonly #clocks: Float64Array;
  readonly #workers: Worker[] = [];
  #deviceState: DeviceState | null = null;

  private constructor(config: GuestConfig) {
    this.config = config;
    this.buffers = allocateGuest(geometryOf(config).pageCount, config.vcpus, config.seed);
    this.memory = new GuestMemory(this.buffers, config.seed, regionContentOf(config));
    this.#controls = new Int32Array(this.buffers.control);
    this.#waiting = new Int32Array(this.buffers.waiting);
    this.#clocks = new Float64Array(this.buffers.clocks);
  }

  /**
   * Boots a guest, paused. On the source its footprint is populated; on the destination memory is empty and, with
   * `prealloc`, backed.
   * @param address the guest's own address, which its network card answers on.
   */
  static async boot(
    config: GuestConfig,
    host: 'source' | 'destination',
    address: string,
  ): Promise<[Guest, GuestInfo]> {
    const startedAtMs = monotonicMs();
    const guest = new Guest(config);
    const { pageCount, basePages, regionFirst, regionPages } = geometryOf(config);
    const footprint = [
      [0, basePages],
      [Math.max(regionFirst, basePages), regionFirst + regionPages],
    ] as const;
    let nonZeroPages = 0;
    for (const [first, end] of footprint)
      for (let page = first; page < end; page++) {
        if (host === 'source') guest.memory.writeVersion(page, 1);
        else if (config.prealloc) guest.memory.populate(page);
        if (++nonZeroPages % bootChunkPages === 0) await nextTurn();
      }
    if (host === 'source') {
      guest.memory.markAllPresent();
      guest.#seedRegisters();
      guest.#deviceState = await DeviceState.prepare(config, guest.buffers);
    }
    try {
      await guest.#startThreads(host, address);
    } catch (error) {
      await guest.destroy();
      throw error;
    }
    return [guest, { pageCount, nonZeroPages, bootMs: monotonicMs() - startedAtMs }];
  }

  #seedRegisters(): void {
    const registers = new Int32Array(this.buffers.registers);
    for (let vcpu = 0; vcpu < this.config.vcpus; vcpu++)
      registers[(vcpu + 1) * registerWords - 1] = Math.imul(this.config.seed + vcpu + 1, 0x9e3779b1) | 1;
  }

  async #startThreads(host: 'source' | 'destination', address: string): Promise<void> {
    for (let vcpu = 0; vcpu < this.config.vcpus; vcpu++) {
      const workerData: VcpuData = { buffers: this.buffers, guest: this.config, vcpu };
      const worker = new Worker(new URL('vcpu.ts', import.meta.url), {
        workerData,
        resourceLimits: threadLimits,
      });
      worker.on('message', (page: number) => {
        this.onFault(page, vcpu);
      });
      // No 'error' listener: a vCPU that dies takes the agent with it, as nothing measured after it would be true.
      this.#workers.push(worker);
    }
    const workerData: NicData = {
      control: this.buffers.control,
      address,
      port: guestPingPort,
      hostNumber: host === 'source' ? 1 : 2,
    };
    const nic = new Worker(new URL('nic.ts', import.meta.url), { workerData, resourceLimits: threadLimits });
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

  /**
   * The device state, to be saved once the guest is paused.
   * @throws LivemigError ILLEGAL_PHASE of a guest that was booted as a destination: its state is still to come.
   */
  get deviceState(): DeviceState {
    if (this.#deviceState === null)
      throw new LivemigError(
        'ILLEGAL_PHASE',
        'expected a guest that was booted at the source, got one that has no device state of its own',
      );
    return this.#deviceState;
  }

  get isRunning(): boolean {
    return Atomics.load(this.#controls, control.runState) === runState.running;
  }

  /** Lets every vCPU run. */
  resume(): void {
    Atomics.store(this.#controls, control.runState, runState.running);
    Atomics.notify(this.#controls, control.runState);
  }

  /**
   * Stops every vCPU at an instruction boundary; resolves when all are out of the guest.
   * @throws LivemigError TIMEOUT when a vCPU stays blocked on a missing page.
   */
  async pause(): Promise<void> {
    Atomics.store(this.#controls, control.runState, runState.paused);
    Atomics.notify(this.#controls, control.runState);
    await this.#untilParked();
  }

  async #untilParked(): Promise<void> {
    const startedAtMs = monotonicMs();
    for (;;) {
      const parked = Atomics.load(this.#controls, control.parked);
      if (parked === this.config.vcpus) return;
      const waitedMs = monotonicMs() - startedAtMs;
      if (waitedMs > parkTimeoutMs)
        throw new LivemigError(
          'TIMEOUT',
          `${parked} of ${this.config.vcpus} vCPUs stopped within ${parkTimeoutMs} ms`,
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

  /** Wakes the vCPUs that wait for a page that is here now. */
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

  get staleReads(): number {
    return Atomics.load(this.#controls, control.staleReads);
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
    Atomics.store(this.#controls, control.runState, runState.stopped);
    Atomics.notify(this.#controls, control.runState);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
