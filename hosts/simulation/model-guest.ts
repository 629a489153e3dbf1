import { LivemigError } from '#proto/errors';
import type { GuestConfig, GuestSample } from '#proto/guest';
import { pageSizeBytes } from '#proto/units';
import { DeviceState, loadRegisters, savedState, seedRegisters } from '#hosts/guest/device-state';
import { faultRecorder, faultRecordOf } from '#hosts/guest/fault-record';
import type { FaultRecord } from '#hosts/guest/fault-record';
import { geometryOf, regionContentOf, sliceOf } from '#hosts/guest/geometry';
import { GuestMemory } from '#hosts/guest/memory';
import { isZero } from '#hosts/guest/page-content';
import { StepPace, Throttle } from '#hosts/guest/pace';
import { createPool, nextRandom } from '#catalogue/contents/parts/pool';
import { allocateGuest, clock as words, registerWords } from '#hosts/guest/shared';
import type { GuestBuffers } from '#hosts/guest/shared';
import { GuestView } from '#hosts/guest/view';
import type { DiskControl, Machine } from '#hosts/machine';
import { isSharedDisk } from '#catalogue/disk-storages';
import { definedAs } from '#catalogue/room';
import type { Workload, WorkloadContext } from '#catalogue/workload';
import { workloads } from '#catalogue/workloads';
import type { Region } from '../region.ts';
import { ModelDisk } from './model-disk.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Steps of a vCPU that runs flat out, per millisecond: about as many as a thread makes in real time. */
const flatOutStepsPerMs = 500;
const flatOutSleepMs = 1;

/** Thrown out of a step that meets a missing page: the step is repeated once the page has arrived. */
const blocked = new LivemigError('INTERNAL', 'a vCPU waits for a page');

/** Runs of pages that aren't zero are cleared at once: page by page would take five times as long. */
const clear = (segment: ArrayBufferLike): void => {
  const bytes = Buffer.from(segment);
  let from = 0;
  for (let at = 0; at < bytes.length; at += pageSizeBytes) {
    if (!isZero(bytes, at)) continue;
    if (from < at) new BigUint64Array(segment, from, (at - from) / 8).fill(0n);
    from = at + pageSizeBytes;
  }
  if (from < bytes.length) new BigUint64Array(segment, from).fill(0n);
};

const leastSegmentBytes = 1 << 20;

/** Zeroed memory that guests left behind, by size: touching fresh memory costs more than copying a page. */
export class SegmentPool {
  readonly #free = new Map<number, ArrayBufferLike[]>();

  /** At least this many bytes: a power of two, so that guests of other sizes can reuse them. */
  take(bytes: number): ArrayBufferLike {
    const size = Math.max(leastSegmentBytes, 2 ** Math.ceil(Math.log2(bytes)));
    return this.#free.get(size)?.pop() ?? new ArrayBuffer(size);
  }

  giveBack(segments: readonly ArrayBufferLike[]): void {
    for (const segment of segments) {
      clear(segment);
      const free = this.#free.get(segment.byteLength);
      if (free === undefined) this.#free.set(segment.byteLength, [segment]);
      else free.push(segment);
    }
  }
}

let sharedPool: ArrayBuffer | null = null;
/** Shared by all models of this process: page contents still follow from the guest's seed. */
const contentPool = (): ArrayBuffer => (sharedPool ??= Uint8Array.from(new Uint8Array(createPool(1))).buffer);

/** What a vCPU does. */
export type WorkloadMaker = (context: WorkloadContext) => Workload;

/** What stands for a region of a guest, as seen by everything that uses it. */
export type RegionLens = <R extends Region>(region: R) => R;

const asItIs: RegionLens = (region) => region;

const namedWorkload: WorkloadMaker = (context) => definedAs(workloads, context.config.name).create(context);

/**
 * A vCPU as events in virtual time. It does what a thread does (guest/vcpu.ts): the same steps, registers and faults.
 */
class ModelVcpu {
  readonly #clock: VirtualClock;
  readonly #memory: GuestMemory;
  readonly #workload: Workload;
  readonly #pace: StepPace;
  readonly #throttle = new Throttle();
  readonly #view: GuestView;
  readonly #registers: Int32Array;
  readonly #before = new Int32Array(registerWords);
  readonly #words: Float64Array;
  readonly #noteFault: ReturnType<typeof faultRecorder>;
  readonly #fault: (page: number) => void;
  readonly #random: () => number;
  throttlePercent = 0;
  #run = 0;
  #isRunning = false;
  #faultedAtMs = 0;
  waitsFor = -1;

  constructor(
    clock: VirtualClock,
    config: GuestConfig,
    memory: GuestMemory,
    buffers: GuestBuffers,
    vcpu: number,
    fault: (page: number) => void,
    workloadOf: WorkloadMaker,
  ) {
    this.#clock = clock;
    this.#memory = memory;
    this.#fault = fault;
    this.#registers = new Int32Array(buffers.registers, vcpu * registerWords * 4, registerWords);
    this.#words = new Float64Array(buffers.clocks, vcpu * words.words * 8, words.words);
    this.#noteFault = faultRecorder(buffers, vcpu);
    this.#view = new GuestView(memory, (page) => {
      this.waitsFor = page;
      throw blocked;
    });
    const registers = this.#registers;
    const randomRegister = registerWords - 1;
    this.#random = () => {
      const state = nextRandom(registers[randomRegister] ?? 1);
      registers[randomRegister] = state | 0;
      return state;
    };
    this.#workload = workloadOf({
      config: config.workload,
      slice: sliceOf(geometryOf(config), vcpu, config.vcpus),
      vcpu,
      vcpus: config.vcpus,
      pageCount: memory.pageCount,
      registers,
    });
    this.#pace = new StepPace(this.#workload);
  }

  resume(): void {
    this.#isRunning = true;
    const run = ++this.#run;
    this.#clock.quietly(0, () => {
      if (run !== this.#run) return;
      const nowMs = this.#clock.nowMs();
      if (this.#words[words.firstInstructionMs] === 0) this.#words[words.firstInstructionMs] = nowMs;
      this.#pace.begin(nowMs);
      this.#turn(run);
    });
  }

  /** At an instruction boundary; a step that waits for its page hasn't begun. */
  pause(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#run++;
    this.waitsFor = -1;
    this.#words[words.lastInstructionMs] = this.#clock.nowMs();
  }

  #add(word: number, value: number): void {
    this.#words[word] = (this.#words[word] ?? 0) + value;
  }

  #after(run: number, durationMs: number): void {
    this.#clock.quietly(durationMs, () => {
      this.#turn(run);
    });
  }

  #turn(run: number): void {
    if (run !== this.#run) return;
    const nowMs = this.#clock.nowMs();
    const sleepMs = this.#throttle.sleepMs(nowMs, this.throttlePercent);
    if (sleepMs > 0) {
      this.#throttle.fromMs = nowMs + sleepMs;
      this.#add(words.throttledMs, sleepMs);
      this.#after(run, sleepMs);
      return;
    }
    const done = this.#steps(this.#pace.due(nowMs) ?? flatOutStepsPerMs * flatOutSleepMs);
    this.#pace.did(done);
    this.#add(words.operations, done);
    this.#words[words.dirtied] = this.#view.dirtied;
    if (this.waitsFor === -1) this.#after(run, this.#pace.sleepMs > 0 ? this.#pace.sleepMs : flatOutSleepMs);
    else this.#wait(run);
  }

  /** Returns how many of the steps were done until one met a missing page. */
  #steps(due: number): number {
    for (let done = 0; done < due; done++) {
      this.#before.set(this.#registers);
      try {
        this.#workload.step(this.#view, this.#random);
      } catch (error) {
        if (error !== blocked) throw error;
        // Just as hardware restarts an instruction.
        this.#registers.set(this.#before);
        return done;
      }
    }
    return due;
  }

  #wait(run: number): void {
    this.#faultedAtMs = this.#clock.nowMs();
    // The listener may send to the wire.
    this.#clock.soon(() => {
      if (run === this.#run && this.waitsFor !== -1) this.#fault(this.waitsFor);
    });
  }

  /** Its page may have arrived. */
  wake(): void {
    if (this.waitsFor === -1 || !this.#memory.isPresent(this.waitsFor)) return;
    const page = this.waitsFor;
    this.waitsFor = -1;
    this.#noteFault(page, this.#faultedAtMs, this.#clock.nowMs());
    this.#after(this.#run, 0);
  }
}

/** A guest in virtual time: real pages, vCPUs that are events. */
export class ModelGuest implements Machine {
  readonly config: GuestConfig;
  readonly memory: GuestMemory;
  readonly regions: readonly Region[];
  onFault: (block: number, vcpu: number) => void = () => undefined;
  readonly #clock: VirtualClock;
  readonly #buffers: GuestBuffers;
  readonly #words: Float64Array;
  readonly #segments: SegmentPool;
  readonly #vcpus: readonly ModelVcpu[];
  #deviceState: DeviceState | null = null;
  readonly #disk: ModelDisk | null;
  #isRunning = false;

  private constructor(
    config: GuestConfig,
    clock: VirtualClock,
    segments: SegmentPool,
    workloadOf: WorkloadMaker,
    lens: RegionLens,
  ) {
    const { pageCount } = geometryOf(config);
    this.config = config;
    this.#clock = clock;
    this.#segments = segments;
    this.#buffers = allocateGuest(pageCount, config.vcpus, config.seed, {
      pool: contentPool(),
      newSegment: (bytes) => segments.take(bytes),
    });
    this.#words = new Float64Array(this.#buffers.clocks);
    this.memory = lens(new GuestMemory(this.#buffers, config.seed, regionContentOf(config)));
    this.#disk =
      config.disk === undefined ? null : new ModelDisk(config.disk, config, clock, this.#buffers.pool, lens);
    this.regions = this.#disk === null ? [this.memory] : [this.memory, this.#disk.region];
    this.#vcpus = Array.from(
      { length: config.vcpus },
      (_, vcpu) =>
        new ModelVcpu(
          clock,
          config,
          this.memory,
          this.#buffers,
          vcpu,
          (page) => {
            this.onFault(page, vcpu);
          },
          workloadOf,
        ),
    );
  }

  /**
   * Boots a guest, paused: at the source its footprint is populated, at the destination memory is empty.
   * @param workloadOf by default the workload that its config names.
   * @param lens through which its regions are seen; by default as they are.
   */
  static async boot(
    config: GuestConfig,
    host: 'source' | 'destination',
    clock: VirtualClock,
    segments: SegmentPool = new SegmentPool(),
    workloadOf: WorkloadMaker = namedWorkload,
    lens: RegionLens = asItIs,
  ): Promise<ModelGuest> {
    if (isSharedDisk(config.disk))
      throw new LivemigError(
        'UNSUPPORTED',
        'bootGuest: expected a disk that migrates, as a model has no storage host: take driver netns or docker',
      );
    const guest = new ModelGuest(config, clock, segments, workloadOf, lens);
    if (host === 'destination') return guest;
    const { basePages, regionFirst, regionPages } = geometryOf(config);
    for (let page = 0; page < basePages; page++) guest.memory.writeVersion(page, 1);
    for (let page = Math.max(regionFirst, basePages); page < regionFirst + regionPages; page++)
      guest.memory.writeVersion(page, 1);
    guest.#disk?.fill();
    guest.memory.markAllPresent();
    seedRegisters(config, guest.#buffers);
    guest.#deviceState = await DeviceState.prepare(config, guest.#buffers);
    return guest;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** One word of every vCPU's clock block. */
  #perVcpu(word: number): number[] {
    return this.#vcpus.map((_, vcpu) => this.#words[vcpu * words.words + word] ?? 0);
  }

  #sum(word: number): number {
    return this.#perVcpu(word).reduce((sum, value) => sum + value, 0);
  }

  get firstInstructionAtMs(): number | null {
    const moments = this.#perVcpu(words.firstInstructionMs).filter((at) => at > 0);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  get lastInstructionAtMs(): number | null {
    if (this.#isRunning) return this.#clock.nowMs();
    const moment = Math.max(...this.#perVcpu(words.lastInstructionMs));
    return moment > 0 ? moment : null;
  }

  get throttledMs(): number {
    return this.#sum(words.throttledMs);
  }

  get disk(): DiskControl | null {
    return this.#disk;
  }

  /** A model has no storage host. */
  readonly leasedDisk = null;

  get faults(): FaultRecord {
    return faultRecordOf(this.#buffers);
  }

  sample(): GuestSample {
    return {
      atMs: this.#clock.nowMs(),
      operations: this.#sum(words.operations),
      pagesDirtied: this.#sum(words.dirtied),
      stalledMs: this.#sum(words.stalledMs),
    };
  }

  saveDeviceState(): { state: Buffer; digest: Buffer } {
    return savedState(this.#deviceState);
  }

  loadRegisters(registers: Buffer): void {
    loadRegisters(this.#buffers, registers);
  }

  resume(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (const vcpu of this.#vcpus) vcpu.resume();
    this.#disk?.resume();
  }

  async pause(): Promise<void> {
    this.#isRunning = false;
    for (const vcpu of this.#vcpus) vcpu.pause();
    if (this.#disk !== null) await this.#disk.pause();
  }

  throttle(percent: number): void {
    for (const vcpu of this.#vcpus) vcpu.throttlePercent = percent;
  }

  wakeWaiters(): void {
    for (const vcpu of this.#vcpus) vcpu.wake();
  }

  /** Gives its memory back, zeroed, for the next guest. */
  destroy(): void {
    this.#isRunning = false;
    for (const vcpu of this.#vcpus) vcpu.pause();
    this.#disk?.destroy();
    this.#segments.giveBack(this.#buffers.segments);
  }
}
