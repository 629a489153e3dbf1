import type { TrafficSamples } from '#proto/traffic';
import { trafficIntervalMs, trafficIntervalsMax, trafficRttEveryMs, trafficRttsMax } from '#proto/traffic';

/** Notes what one end of a flow sends and receives, by interval. */
export class TrafficRecorder {
  readonly #startedAtMs: number;
  readonly #sentBytes: number[] = [];
  readonly #arrivedBytes: number[] = [];
  readonly #rttAtMs: number[] = [];
  readonly #rttMs: number[] = [];
  #nextRttAtMs = 0;

  /** @param nowMs CLOCK_MONOTONIC, as in all that follows */
  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
  }

  sent(bytes: number, nowMs: number): void {
    this.#add(this.#sentBytes, bytes, nowMs);
  }

  arrived(bytes: number, nowMs: number): void {
    this.#add(this.#arrivedBytes, bytes, nowMs);
  }

  roundTrip(rttMs: number, nowMs: number): void {
    if (nowMs < this.#nextRttAtMs || this.#rttMs.length >= trafficRttsMax) return;
    this.#nextRttAtMs = nowMs + trafficRttEveryMs;
    this.#rttAtMs.push(nowMs);
    this.#rttMs.push(rttMs);
  }

  /** Up to the last interval that is over. */
  samples(nowMs: number): TrafficSamples {
    const intervals = Math.min(
      trafficIntervalsMax,
      Math.max(0, Math.floor((nowMs - this.#startedAtMs) / trafficIntervalMs)),
    );
    const column = (counted: readonly number[]): Float64Array =>
      Float64Array.from({ length: intervals }, (_, interval) => counted[interval] ?? 0);
    return {
      startedAtMs: this.#startedAtMs,
      sentBytes: column(this.#sentBytes),
      arrivedBytes: column(this.#arrivedBytes),
      rttAtMs: Float64Array.from(this.#rttAtMs),
      rttMs: Float64Array.from(this.#rttMs),
    };
  }

  #add(counted: number[], bytes: number, nowMs: number): void {
    const interval = Math.floor((nowMs - this.#startedAtMs) / trafficIntervalMs);
    if (interval < 0 || interval >= trafficIntervalsMax) return;
    while (counted.length <= interval) counted.push(0);
    counted[interval]! += bytes;
  }
}
