/** What a sender that was late makes up for at most. */
const lateMostMs = 10;

/** Says how many packets are due at a steady rate. Pure; times in ms. */
export class Pacing {
  readonly #perMs: number;
  #paidUntilMs: number;

  constructor(packetsPerMs: number, nowMs: number) {
    this.#perMs = packetsPerMs;
    this.#paidUntilMs = nowMs;
  }

  /** How many are due by now. One that slept long lets go what is later than it makes up for. */
  due(nowMs: number): number {
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs - lateMostMs - 1 / this.#perMs);
    return Math.floor((nowMs - this.#paidUntilMs) * this.#perMs);
  }

  sent(packets: number): void {
    this.#paidUntilMs += packets / this.#perMs;
  }

  /** When that many will be due. */
  dueAtMs(packets: number): number {
    return this.#paidUntilMs + packets / this.#perMs;
  }
}

/** Nothing came back for that long: what was under way is lost, and no echo will say so. */
const lostAfterMs = 400;

/**
 * What an echo's sender has under way: it sends while that is less than the window, so each echo releases the next packet.
 * Packets keep their order on the way, hence one that comes back tells that those before it are lost. Pure.
 */
export class EchoWindow {
  readonly #windowPackets: number;
  #sent = 0;
  #settled = 0;
  #heardAtMs: number;

  constructor(windowPackets: number, nowMs: number) {
    this.#windowPackets = windowPackets;
    this.#heardAtMs = nowMs;
  }

  /** The number of the next packet. */
  get next(): number {
    return this.#sent;
  }

  /** How many may be sent now. */
  room(nowMs: number): number {
    if (this.#sent > this.#settled && nowMs - this.#heardAtMs > lostAfterMs) {
      this.#settled = this.#sent;
      this.#heardAtMs = nowMs;
    }
    return Math.max(0, this.#windowPackets - (this.#sent - this.#settled));
  }

  sent(packets: number, nowMs: number): void {
    if (this.#sent === this.#settled) this.#heardAtMs = nowMs;
    this.#sent += packets;
  }

  /** This packet came back. */
  heard(number: number, nowMs: number): void {
    if (number < this.#settled || number >= this.#sent) return;
    this.#settled = number + 1;
    this.#heardAtMs = nowMs;
  }
}
