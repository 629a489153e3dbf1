/** A vCPU: a worker thread that runs the workload's steps on guest memory, pauses, and blocks on missing pages. */
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { GuestConfig } from '#proto/guest';
import { monotonicMs } from '#proto/units';
import { definedAs } from '#catalogue/room';
import { serviceOf, workloads } from '#catalogue/workloads';
import { faultRecorder } from './fault-record.ts';
import { geometryOf, sliceOf, regionContentOf } from './geometry.ts';
import { GuestMemory } from './memory.ts';
import { StepPace, Throttle } from './pace.ts';
import { park } from './parking.ts';
import { AnswerRing, RequestQueue, requestsOf } from './request-queue.ts';
import { nextRandom } from '#catalogue/contents/parts/pool';
import { clock, control, registerWords, runState } from './shared.ts';
import type { GuestBuffers } from './shared.ts';
import { threadData } from './thread-data.ts';
import { GuestView } from './view.ts';

export interface VcpuData {
  buffers: GuestBuffers;
  guest: GuestConfig;
  vcpu: number;
  /** Of a guest that is a service: where answers go, and what tells the network card of them. */
  answering?: { answers: SharedArrayBuffer; bell: MessagePort };
}

/** The thread's CPU time is published this often: the split between guest and agent is that precise. */
const cpuIntervalMs = 10;
/** Flat out, the clock is read only once per this many steps. */
const burstSteps = 32;
/** So long sleeps a vCPU that has nothing to do and isn't woken. */
const idleMs = 100;

const { buffers, guest, vcpu, answering } = threadData() as VcpuData;
const controls = new Int32Array(buffers.control);
const clocks = new Float64Array(buffers.clocks, vcpu * clock.words * 8, clock.words);
const registers = new Int32Array(buffers.registers, vcpu * registerWords * 4, registerWords);
const waiting = new Int32Array(buffers.waiting);
const noteFault = faultRecorder(buffers, vcpu);
const memory = new GuestMemory(buffers, guest.seed, regionContentOf(guest));

/** Blocks until a page is here: the vCPU's real stall, from the fault to the wake-up. */
const blockUntilPresent = (page: number): void => {
  const faultedAtMs = monotonicMs();
  Atomics.store(waiting, vcpu, page);
  // It may have arrived between the check that brought us here and the note that we wait: then there was no fault.
  if (memory.isPresent(page)) {
    Atomics.store(waiting, vcpu, -1);
    return;
  }
  parentPort?.postMessage(page);
  while (!memory.isPresent(page)) Atomics.wait(waiting, vcpu, page);
  Atomics.store(waiting, vcpu, -1);
  noteFault(page, faultedAtMs, monotonicMs());
};

const view = new GuestView(memory, blockUntilPresent);
// The last register is the random generator's state: it travels too.
const randomRegister = registerWords - 1;
const random = (): number => {
  const state = nextRandom(registers[randomRegister] ?? 1);
  registers[randomRegister] = state | 0;
  return state;
};
const service = serviceOf(guest.workload);
const requests =
  service === null || answering === undefined
    ? {}
    : {
        requests: requestsOf(
          new RequestQueue(buffers.registers, guest.vcpus, service),
          new AnswerRing(answering.answers, service),
          service,
          () => {
            answering.bell.postMessage(null);
          },
        ),
      };
const workload = definedAs(workloads, guest.workload.name).create({
  config: guest.workload,
  slice: sliceOf(geometryOf(guest), vcpu, guest.vcpus),
  vcpu,
  vcpus: guest.vcpus,
  pageCount: buffers.pageCount,
  registers,
  ...requests,
});
const isIdle = (): boolean => workload.isIdle === true;

const throttle = new Throttle();
const sleepIfThrottled = (nowMs: number): void => {
  const sleepMs = throttle.sleepMs(nowMs, Atomics.load(controls, control.throttlePercent));
  if (sleepMs === 0) return;
  Atomics.wait(controls, control.runState, runState.running, sleepMs);
  throttle.fromMs = monotonicMs();
  clocks[clock.throttledMs] = (clocks[clock.throttledMs] ?? 0) + throttle.fromMs - nowMs;
};

/** Runs steps until the guest is told to pause or stop. */
const runUntilInterrupted = (): void => {
  const pace = new StepPace(workload);
  pace.begin(monotonicMs());
  let cpuAtMs = 0;
  let operations = clocks[clock.operations] ?? 0;
  while (Atomics.load(controls, control.runState) === runState.running) {
    // Before looking for work: what comes afterwards rings again.
    const rung = Atomics.load(controls, control.doorbell);
    sleepIfThrottled(monotonicMs());
    const nowMs = monotonicMs();
    const due = pace.due(nowMs) ?? burstSteps;
    let done = 0;
    for (; done < due && !isIdle(); done++) {
      if (Atomics.load(controls, control.runState) !== runState.running) break;
      workload.step(view, random);
    }
    pace.did(done);
    operations += done;
    clocks[clock.operations] = operations;
    clocks[clock.dirtied] = view.dirtied;
    if (nowMs - cpuAtMs >= cpuIntervalMs) {
      cpuAtMs = nowMs;
      clocks[clock.cpuS] = threadCpuS();
    }
    if (pace.sleepMs > 0) Atomics.wait(controls, control.runState, runState.running, pace.sleepMs);
    else if (isIdle()) Atomics.wait(controls, control.doorbell, rung, idleMs);
  }
};

const threadCpuS = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
};

/** Publishes the CPU time used, then waits for the order to run. */
const parked = (): boolean => {
  clocks[clock.cpuS] = threadCpuS();
  return park(controls);
};

while (parked()) {
  const startedAtMs = monotonicMs();
  if (clocks[clock.firstInstructionMs] === 0) clocks[clock.firstInstructionMs] = startedAtMs;
  runUntilInterrupted();
  clocks[clock.lastInstructionMs] = monotonicMs();
}
parentPort?.close();
