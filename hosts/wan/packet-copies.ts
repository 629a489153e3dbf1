/** Copies of duplicated packets under way: each is sent when it is due. Pure but for `send`. */

/** What is held at most; a copy that finds no room is lost, and counted. */
const heldMostBytes = 64 << 20;

/** Where an IPv4 packet says how long it is. */
const totalLengthAt = 2;

export class PacketCopies {
  readonly #send: (packet: Buffer) => boolean;
  readonly #waiting: { dueMs: number; packet: Buffer }[] = [];
  #heldBytes = 0;
  /** Copies that weren't sent. */
  unsent = 0;

  /** @param send an IPv4 packet; false = the kernel didn't take it. */
  constructor(send: (packet: Buffer) => boolean) {
    this.#send = send;
  }

  get nextDueMs(): number {
    return this.#waiting[0]?.dueMs ?? Infinity;
  }

  /** @param packet is copied; of one that isn't whole, there is no copy to be sent. */
  hold(packet: Buffer, dueMs: number): void {
    const isWhole = packet.length > totalLengthAt + 2 && packet.readUInt16BE(totalLengthAt) === packet.length;
    if (!isWhole || this.#heldBytes + packet.length > heldMostBytes) {
      this.unsent += 1;
      return;
    }
    this.#heldBytes += packet.length;
    const copy = { dueMs, packet: Buffer.from(packet) };
    // What overtakes goes first; all others come in order.
    if (dueMs < this.nextDueMs) this.#waiting.unshift(copy);
    else this.#waiting.push(copy);
  }

  release(nowMs: number): void {
    while (this.nextDueMs <= nowMs) {
      const { packet } = this.#waiting.shift()!;
      this.#heldBytes -= packet.length;
      if (!this.#send(packet)) this.unsent += 1;
    }
  }
}
