/** Bytes sent but not confirmed, by channel and sequence. Pure. */
export class InFlight {
  readonly #unconfirmed: { sequence: number; bytes: number }[][];
  sentBytes = 0;
  confirmedBytes = 0;

  constructor(channels: number) {
    this.#unconfirmed = Array.from({ length: channels }, () => []);
  }

  sent(channel: number, sequence: number, bytes: number): void {
    this.#unconfirmed[channel]?.push({ sequence, bytes });
    this.sentBytes += bytes;
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
