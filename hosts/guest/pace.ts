import type { Workload } from '#catalogue/workload';

/** A vCPU that fell behind (it was blocked or the host was busy) catches up at most this much. */
const backlogMaxMs = 5;
/** A paced vCPU sleeps between its steps: 1 ms, longer if steps are rare. */
const sleepMinMs = 1;
const sleepMaxMs = 4;

/** How many steps of its workload a vCPU is due, by the workload's rate, which may change. Pure. */
export class StepPace {
  readonly #workload: Pick<Workload, 'stepsPerSecond'>;
  #stepsPerSecond: number;
  #fromMs = 0;
  #done = 0;

  constructor(workload: Pick<Workload, 'stepsPerSecond'>) {
    this.#workload = workload;
    this.#stepsPerSecond = workload.stepsPerSecond;
  }

  begin(nowMs: number): void {
    this.#fromMs = nowMs;
    this.#done = 0;
  }

  /** Null = flat out: as many as it can. */
  due(nowMs: number): number | null {
    const { stepsPerSecond } = this.#workload;
    if (stepsPerSecond !== this.#stepsPerSecond) this.begin(nowMs);
    this.#stepsPerSecond = stepsPerSecond;
    if (stepsPerSecond === 0) return null;
    const stepsPerMs = stepsPerSecond / 1000;
    const due = Math.floor((nowMs - this.#fromMs) * stepsPerMs) - this.#done;
    const backlog = backlogMaxMs * stepsPerMs;
    if (due <= Math.max(1, backlog)) return due;
    this.begin(nowMs - backlogMaxMs);
    return Math.max(1, Math.floor(backlog));
  }

  did(steps: number): void {
    this.#done += steps;
  }

  /** Until the next look at what is due, in ms; 0 = flat out. */
  get sleepMs(): number {
    if (this.#stepsPerSecond === 0) return 0;
    return Math.min(sleepMaxMs, Math.max(sleepMinMs, 500 / this.#stepsPerSecond));
  }
}

/**
 * QEMU's cpu_throttle_thread: after each time slice, a throttled vCPU sleeps long enough to lose the requested share of
 * its time. Pure.
 */
export class Throttle {
  static readonly sliceMs = 10;
  /** When the slice began. */
  fromMs = 0;

  /** How long a vCPU has to sleep now. @param percent of its time that is taken */
  sleepMs(nowMs: number, percent: number): number {
    const share = percent / 100;
    if (share === 0 || nowMs - this.fromMs < Throttle.sliceMs) return 0;
    return (share / (1 - share)) * Throttle.sliceMs;
  }
}
