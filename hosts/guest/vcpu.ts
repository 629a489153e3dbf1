/** A vCPU: a worker thread that runs the workload's steps on guest memory, pauses, and blocks on missing pages. */
import { parentPort, workerData } from 'node:worker_threads';
import type { GuestConfig } from '../../proto/guest.ts';
import { monotonicMs } from '../../proto/units.ts';
import { workloads } from '../workloads/index.ts';
import { geometryOf, sliceOf, regionContentOf } from './geometry.ts';
import { GuestMemory } from './memory.ts';
import { nextRandom } from './page-bodies/pool.ts';
import { clock, control, faultRingEntries, registerWords, runState } from './shared.ts';
import type { GuestBuffers } from './shared.ts';
import { GuestView } from './view.ts';

export interface VcpuData {
  buffers: GuestBuffers;
  guest: GuestConfig;
  vcpu: number;
}

/** A vCPU that fell behind (it was blocked or the host was busy) doesn't catch up more than this. */
const backlogMaxMs = 5;
/** A paced vCPU sleeps between its steps: 1 ms, longer where steps are rare. */
const sleepMinMs = 1;
const sleepMaxMs = 4;
/** The thread's CPU time is published this often: the split between guest and agent is as sharp as that. */
const cpuIntervalMs = 10;
/** Flat out, the clock is read only once per so many steps. */
const burstSteps = 32;

const { buffers, guest, vcpu } = workerData as VcpuData;
const controls = new Int32Array(buffers.control);
const clocks = new Float64Array(buffers.clocks, vcpu * clock.words * 8, clock.words);
const registers = new Int32Array(buffers.registers, vcpu * registerWords * 4, registerWords);
const waiting = new Int32Array(buffers.waiting);
const latencies = new Uint32Array(buffers.faultLatencies, vcpu * faultRingEntries * 4, faultRingEntries);
const memory = new GuestMemory(buffers, guest.seed, regionContentOf(guest));

/** Blocks until a page is here: the vCPU's real stall, from the fault to the wake-up. */
const blockUntilPresent = (page: number): void => {
  const faultedAtMs = monotonicMs();
  Atomics.store(waiting, vcpu, page);
  // It may have arrived between the look that brought us here and the note that we wait: then it was no fault.
  if (memory.isPresent(page)) {
    Atomics.store(waiting, vcpu, -1);
    return;
  }
  parentPort?.postMessage(page);
  while (!memory.isPresent(page)) Atomics.wait(waiting, vcpu, page);
  Atomics.store(waiting, vcpu, -1);
  const stalledMs = monotonicMs() - faultedAtMs;
  const faults = clocks[clock.faults] ?? 0;
  latencies[faults % faultRingEntries] = Math.round(stalledMs * 1000);
  clocks[clock.faults] = faults + 1;
  clocks[clock.stalledMs] = (clocks[clock.stalledMs] ?? 0) + stalledMs;
};

const view = new GuestView(memory, blockUntilPresent, () => Atomics.add(controls, control.staleReads, 1));
// The last register is the random generator's state: it travels too.
const randomRegister = registerWords - 1;
const random = (): number => {
  const state = nextRandom(registers[randomRegister] ?? 1);
  registers[randomRegister] = state | 0;
  return state;
};
const workload = workloads[guest.workload.name]({
  config: guest.workload,
  slice: sliceOf(geometryOf(guest), vcpu, guest.vcpus),
  vcpu,
  vcpus: guest.vcpus,
  pageCount: buffers.pageCount,
  registers,
});

/**
 * QEMU's cpu_throttle_thread: after each time slice that it has run, a throttled vCPU sleeps so long that the share of its
 * time that was asked for is lost.
 */
const throttle = { sliceMs: 10, fromMs: 0 };
const sleepIfThrottled = (nowMs: number): void => {
  const share = Atomics.load(controls, control.throttlePercent) / 100;
  if (share === 0 || nowMs - throttle.fromMs < throttle.sliceMs) return;
  Atomics.wait(controls, control.runState, runState.running, (share / (1 - share)) * throttle.sliceMs);
  throttle.fromMs = monotonicMs();
  clocks[clock.throttledMs] = (clocks[clock.throttledMs] ?? 0) + throttle.fromMs - nowMs;
};

/** Runs steps until the guest is told to pause or stop. */
const runUntilInterrupted = (): void => {
  const flatOut = workload.stepsPerSecond === 0;
  const stepsPerMs = workload.stepsPerSecond / 1000;
  const sleepMs = Math.min(sleepMaxMs, Math.max(sleepMinMs, 500 / workload.stepsPerSecond));
  let fromMs = monotonicMs();
  let done = 0;
  let cpuAtMs = 0;
  let operations = clocks[clock.operations] ?? 0;
  while (Atomics.load(controls, control.runState) === runState.running) {
    sleepIfThrottled(monotonicMs());
    const nowMs = monotonicMs();
    let due = flatOut ? burstSteps : Math.floor((nowMs - fromMs) * stepsPerMs) - done;
    if (!flatOut && due > Math.max(1, backlogMaxMs * stepsPerMs)) {
      fromMs = nowMs - backlogMaxMs;
      done = 0;
      due = Math.max(1, Math.floor(backlogMaxMs * stepsPerMs));
    }
    for (; due > 0 && Atomics.load(controls, control.runState) === runState.running; due--) {
      workload.step(view, random);
      done++;
      operations++;
    }
    clocks[clock.operations] = operations;
    clocks[clock.dirtied] = view.dirtied;
    if (nowMs - cpuAtMs >= cpuIntervalMs) {
      cpuAtMs = nowMs;
      clocks[clock.cpuS] = threadCpuS();
    }
    if (!flatOut) Atomics.wait(controls, control.runState, runState.running, sleepMs);
  }
};

/** Tells that this vCPU is out of the guest, and waits for the word to run. False = stopped for good. */
const park = (): boolean => {
  clocks[clock.cpuS] = threadCpuS();
  Atomics.add(controls, control.parked, 1);
  Atomics.notify(controls, control.parked);
  for (;;) {
    const state = Atomics.load(controls, control.runState);
    if (state === runState.running) break;
    if (state === runState.stopped) return false;
    Atomics.wait(controls, control.runState, state);
  }
  Atomics.sub(controls, control.parked, 1);
  return true;
};

const threadCpuS = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
};

while (park()) {
  const startedAtMs = monotonicMs();
  if (clocks[clock.firstInstructionMs] === 0) clocks[clock.firstInstructionMs] = startedAtMs;
  runUntilInterrupted();
  clocks[clock.lastInstructionMs] = monotonicMs();
}
parentPort?.close();
