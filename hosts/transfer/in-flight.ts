/** Messages sent but not confirmed, by channel and sequence; `T` is what they carry. Pure. */
export class InFlight<T> {
  readonly #unconfirmed: { sequence: number; bytes: number; load: T }[][];
  sentBytes = 0;
  confirmedBytes = 0;

  constructor(channels: number) {
    this.#unconfirmed = Array.from({ length: channels }, () => []);
  }

  sent(channel: number, sequence: number, bytes: number, load: T): void {
    this.#unconfirmed[channel]?.push({ sequence, bytes, load });
    this.sentBytes += bytes;
  }

  /** The connection is lost: what is in flight will not be confirmed any more. Returns it. */
  lost(): T[] {
    this.confirmedBytes = this.sentBytes;
    return this.#unconfirmed.flatMap((queue) => queue.splice(0).map(({ load }) => load));
  }

  /** Everything up to `sequence` has arrived. */
  confirm(channel: number, sequence: number): void {
    const queue = this.#unconfirmed[channel] ?? [];
    let confirmed = 0;
    while (confirmed < queue.length && (queue[confirmed]?.sequence ?? Infinity) <= sequence)
      this.confirmedBytes += queue[confirmed++]?.bytes ?? 0;
    if (confirmed > 0) queue.splice(0, confirmed);
  }
}
