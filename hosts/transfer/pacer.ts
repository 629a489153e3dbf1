/** The clock that a pacer waits by. */
export interface PacerClock {
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

/** A sender that was late (a timer, a busy machine) makes up for this much: within a second 2 % above the rate. */
const creditMs = 20;
/** Demand pages don't wait; the push waits for them for at most QEMU's accounting interval (BUFFER_DELAY). */
const debtMaxMs = 100;
/** A message takes this long at the rate, so that short spans keep to it too. */
const messageMs = 10;

/**
 * Holds what is sent to a rate, which may change at any time: a leaky bucket. What was sent above the rate is owed, and
 * nothing more is sent until time has paid for it.
 */
export class Pacer {
  readonly #clock: PacerClock;
  #bytesPerMs = 0;
  #owedBytes = 0;
  #settledAtMs = 0;
  #endWait: () => void = () => undefined;

  constructor(clock: PacerClock) {
    this.#clock = clock;
  }

  /** In Mb/s; 0 = as fast as it goes. */
  get rateMbps(): number {
    return (this.#bytesPerMs * 8) / 1000;
  }

  set rateMbps(rateMbps: number) {
    this.#settle();
    this.#bytesPerMs = (rateMbps * 1000) / 8;
    if (rateMbps === 0) this.#owedBytes = 0;
    this.interrupt();
  }

  /** Whether there is a rate to keep to. */
  get isOn(): boolean {
    return this.#bytesPerMs > 0;
  }

  /** Bytes that one message should have at most. */
  get messageBytes(): number {
    return this.isOn ? this.#bytesPerMs * messageMs : Infinity;
  }

  /** Time until what has been sent is paid for, in ms. */
  get dueInMs(): number {
    this.#settle();
    return this.isOn ? Math.max(0, this.#owedBytes / this.#bytesPerMs) : 0;
  }

  #settle(): void {
    const nowMs = this.#clock.nowMs();
    this.#owedBytes = Math.max(
      this.#owedBytes - (nowMs - this.#settledAtMs) * this.#bytesPerMs,
      -creditMs * this.#bytesPerMs,
    );
    this.#settledAtMs = nowMs;
  }

  /** Bytes that have been sent in their turn. */
  sent(bytes: number): void {
    if (!this.isOn) return;
    this.#settle();
    this.#owedBytes += bytes;
  }

  /** Bytes that have been sent without waiting for their turn. */
  sentUrgent(bytes: number): void {
    if (!this.isOn) return;
    this.sent(bytes);
    const debtMaxBytes = debtMaxMs * this.#bytesPerMs;
    this.#owedBytes = Math.max(this.#owedBytes - bytes, Math.min(this.#owedBytes, debtMaxBytes));
  }

  /** Resolves when more may be sent, or at the next `interrupt`. */
  async untilDue(): Promise<void> {
    const { dueInMs } = this;
    if (dueInMs === 0) return;
    const interrupted = new Promise<void>((resolve) => {
      this.#endWait = resolve;
    });
    await Promise.race([this.#clock.sleep(dueInMs), interrupted]);
  }

  /** Ends a wait early. What is owed stays owed. */
  interrupt(): void {
    this.#endWait();
  }
}
