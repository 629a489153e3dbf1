import { LivemigError } from '#proto/errors';
import type { MigrationClock } from '../clock.ts';

/** Which messages are in memory, by channel, and which of them the source was told of. */
export class Receipts {
  readonly #clock: Pick<MigrationClock, 'soon'>;
  readonly #tell: (channel: number, sequence: number) => void;
  #arrived: number[] = [];
  #told: number[] = [];
  #isDue = false;

  constructor(clock: Pick<MigrationClock, 'soon'>, tell: (channel: number, sequence: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Sequence numbers start over, on this many channels; none until then. */
  open(channels: number): void {
    this.#arrived = Array.from({ length: channels }, () => 0);
    this.#told = [...this.#arrived];
  }

  /** @throws LivemigError PROTOCOL_VIOLATION if a message isn't its channel's next. */
  expect(channel: number, sequence: number): void {
    const expected = (this.#arrived[channel] ?? 0) + 1;
    if (sequence !== expected)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected message ${expected} on channel ${channel}, got ${sequence}`,
      );
  }

  /** A message is in memory. One receipt covers everything that arrives in one turn of the event loop. */
  arrived(channel: number, sequence: number): void {
    this.#arrived[channel] = sequence;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.soon(() => {
      this.#send();
    });
  }

  #send(): void {
    this.#isDue = false;
    for (const [channel, sequence] of this.#arrived.entries()) {
      if (sequence === this.#told[channel]) continue;
      this.#told[channel] = sequence;
      this.#tell(channel, sequence);
    }
  }

  /** Last sequence that is in memory. */
  last(channel: number): number {
    return this.#arrived[channel] ?? 0;
  }

  /** Whether everything up to these sequences is in memory. */
  has(sequences: readonly number[]): boolean {
    return sequences.every((sequence, channel) => (this.#arrived[channel] ?? 0) >= sequence);
  }
}
