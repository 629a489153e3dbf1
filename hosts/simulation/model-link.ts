import type { Jitter } from '#catalogue/jitter-distributions';
import { defaultJitterDistribution, deviatesOf } from '#catalogue/jitter-distributions';
import type { Cancel } from '#hosts/clock';
import { seededRandom } from '#proto/seeded-random';
import type { VirtualClock } from './virtual-clock.ts';

/** One direction of a link. */
export interface LinkModel {
  /** For all bytes on the wire, headers included. */
  rateMbps: number;
  /** Propagation, one way, in ms. */
  delayMs: number;
  /**
   * What may queue before the bottleneck; the rest waits at the sender, as with a congestion window that fits the link.
   */
  queueBytes: number;
  /** Of the delay; order is kept. Absent = none. */
  jitter?: Jitter & { seed: number };
}

/** gRPC's prefix of a message. */
const prefixBytes = 5;
/** HTTP/2's default SETTINGS_MAX_FRAME_SIZE, and the header of a frame. */
const frameBytes = 16_384;
const frameHeaderBytes = 9;
/** Ethernet's MTU minus the headers of IPv4 and TCP with timestamps; and those headers plus Ethernet's. */
const segmentBytes = 1448;
const segmentHeaderBytes = 66;

const fullSegmentBytes = segmentBytes + segmentHeaderBytes;

/** Bytes on the wire for this many bytes of a TCP stream. */
export const tcpWireBytesOf = (payloadBytes: number): number =>
  payloadBytes + segmentHeaderBytes * Math.ceil(payloadBytes / segmentBytes);

/** What a full segment carries. */
export const segmentPayloadBytes = segmentBytes;

/** Bytes of a segment without payload: SYN, ACK, FIN. */
export const bareSegmentBytes = segmentHeaderBytes;

/** Bytes on the wire for a gRPC message of this size. */
export const wireBytesOf = (messageBytes: number): number => {
  const framed = messageBytes + prefixBytes;
  const stream = framed + frameHeaderBytes * Math.ceil(framed / frameBytes);
  return tcpWireBytesOf(stream);
};

/** Linux' shortest retransmission time-out (TCP_RTO_MIN), beyond a round trip, and its longest. */
const resendLeastMs = 200;
const resendMostMs = 120_000;

/**
 * What a message is to be added to its delay: as long as the latest of its segments, which keep their order. Where one
 * draw is below a value with probability u, the latest of n is with u^n.
 */
const jitterOf = ({ jitter }: LinkModel): ((segments: number) => number) | null => {
  if (jitter === undefined || jitter.jitterMs === 0) return null;
  const { jitterMs, jitterDistribution = defaultJitterDistribution, seed } = jitter;
  const deviates = deviatesOf(jitterDistribution);
  const random = seededRandom(seed);
  return (segments) =>
    jitterMs * deviates[Math.floor(random() ** (1 / Math.max(1, segments)) * deviates.length)]!;
};

/** What one connection sends in one direction, in order. */
export interface Flow {
  readonly waiting: Parcel[];
  /**
   * TCP's first time-out: what a cut swallows is sent again after it, then after twice the time, and so on. Null: that of
   * an established connection, by the link as it is then.
   */
  readonly resendMs: number | null;
  /** Until it is sent again; null where nothing was lost. */
  resend: Cancel | null;
}

export interface Parcel {
  bytes: number;
  /** It is in the queue before the bottleneck. */
  accepted: () => void;
  /** It is at the other end. */
  arrived: () => void;
}

/**
 * One direction of a link, shared by all streams: a queue, a bottleneck that takes one message after another, and then
 * propagation. Flows that find the queue full take turns. Nothing is reordered, and only a cut loses anything. Messages
 * are queued whole, and TCP's slow start is not modelled: a flow is as fast as the link from its first byte on.
 */
export class ModelLink {
  readonly #clock: VirtualClock;
  #bytesPerMs: number;
  #delayMs: number;
  #queueBytes: number;
  #jitterMs: ((segments: number) => number) | null;
  /** When the newest message will be at the other end. */
  #lastAtMs = 0;
  /** Flows that wait for room, the next one first. */
  readonly #flows: Flow[] = [];
  readonly #underWay: { leavesAtMs: number; atMs: number; segments: number; arrived: () => void }[] = [];
  /** The next arrival. */
  #arriving: Cancel | null = null;
  /** Until the queue has room. */
  #waiting: Cancel | null = null;
  /** When the bottleneck will have sent all that is queued. */
  #freeAtMs = 0;
  #cutUntilMs = 0;
  bytes = 0;
  /** Full segments, and what is left of each message. */
  packets = 0;

  constructor(clock: VirtualClock, model: LinkModel) {
    this.#clock = clock;
    this.#bytesPerMs = (model.rateMbps * 1000) / 8;
    this.#delayMs = model.delayMs;
    this.#queueBytes = model.queueBytes;
    this.#jitterMs = jitterOf(model);
  }

  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }

  /**
   * Applies to what is sent from now on, and to what is queued, which leaves at the new rate. What is past the bottleneck
   * arrives as it would have; nothing overtakes it.
   */
  shape(model: LinkModel): void {
    const { rateMbps, delayMs, queueBytes } = model;
    const nowMs = this.#clock.nowMs();
    const bytesPerMs = (rateMbps * 1000) / 8;
    const later = (atMs: number): number => nowMs + ((atMs - nowMs) * this.#bytesPerMs) / bytesPerMs;
    this.#delayMs = delayMs;
    this.#jitterMs = jitterOf(model);
    this.#lastAtMs = 0;
    for (const parcel of this.#underWay) {
      if (parcel.leavesAtMs > nowMs) {
        parcel.leavesAtMs = later(parcel.leavesAtMs);
        parcel.atMs = parcel.leavesAtMs + this.#heldMs(parcel.leavesAtMs, parcel.segments);
      } else this.#lastAtMs = Math.max(this.#lastAtMs, parcel.atMs);
    }
    if (this.#freeAtMs > nowMs) this.#freeAtMs = later(this.#freeAtMs);
    this.#bytesPerMs = bytesPerMs;
    this.#queueBytes = queueBytes;
    this.#arriving?.();
    this.#arriving = null;
    this.#arrive();
    this.#waiting?.();
    this.#waiting = null;
    this.#admit();
  }

  /** @param resendMs TCP's first time-out; by default that of an established connection. */
  flow(resendMs: number | null = null): Flow {
    return { waiting: [], resendMs, resend: null };
  }

  send(flow: Flow, parcel: Parcel): void {
    flow.waiting.push(parcel);
    if (flow.waiting.length === 1) this.#flows.push(flow);
    this.#admit();
  }

  /** Drops the part of a flow that is not queued before the bottleneck yet. */
  drop(flow: Flow): void {
    flow.waiting.length = 0;
    flow.resend?.();
    flow.resend = null;
    const at = this.#flows.indexOf(flow);
    if (at !== -1) this.#flows.splice(at, 1);
  }

  /** All that is sent during this time is lost, and only TCP sends it again. What is already on the link arrives. */
  cut(durationMs: number): void {
    this.#cutUntilMs = Math.max(this.#cutUntilMs, this.#clock.nowMs() + durationMs);
  }

  /** Ends a cut. What it has swallowed is sent again when it would have been. */
  restore(): void {
    this.#cutUntilMs = Math.min(this.#cutUntilMs, this.#clock.nowMs());
  }

  /** The flow stalls until TCP tries again and the link works. */
  #lose(flow: Flow, nowMs: number): void {
    let atMs = nowMs;
    let pauseMs = flow.resendMs ?? resendLeastMs + 2 * this.#delayMs;
    do {
      atMs += pauseMs;
      pauseMs = Math.min(2 * pauseMs, resendMostMs);
    } while (atMs < this.#cutUntilMs);
    flow.resend = this.#clock.timer(atMs - nowMs, () => {
      flow.resend = null;
      this.#flows.push(flow);
      this.#admit();
    });
  }

  #admit(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#cutUntilMs) {
      for (const flow of this.#flows.splice(0)) this.#lose(flow, nowMs);
      return;
    }
    for (let flow = this.#flows[0]; flow !== undefined; flow = this.#flows[0]) {
      const queuedBytes = (this.#freeAtMs - nowMs) * this.#bytesPerMs;
      // One byte more, as sums of times aren't exact.
      if (queuedBytes > this.#queueBytes + 1) {
        this.#wait((queuedBytes - this.#queueBytes) / this.#bytesPerMs);
        return;
      }
      this.#flows.shift();
      const parcel = flow.waiting.shift();
      if (flow.waiting.length > 0) this.#flows.push(flow);
      if (parcel !== undefined) this.#accept(parcel, nowMs);
    }
  }

  #wait(durationMs: number): void {
    this.#waiting ??= this.#clock.timer(durationMs, () => {
      this.#waiting = null;
      this.#admit();
    });
  }

  #accept({ bytes, accepted, arrived }: Parcel, nowMs: number): void {
    const segments = Math.ceil(bytes / fullSegmentBytes);
    this.bytes += bytes;
    this.packets += segments;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes / this.#bytesPerMs;
    const leavesAtMs = this.#freeAtMs;
    this.#underWay.push({
      leavesAtMs,
      atMs: leavesAtMs + this.#heldMs(leavesAtMs, segments),
      segments,
      arrived,
    });
    accepted();
    this.#arrive();
  }

  /** Propagation; with jitter, at least until the message before it has arrived. */
  #heldMs(leavesAtMs: number, segments: number): number {
    if (this.#jitterMs === null) return this.#delayMs;
    const heldMs = Math.max(0, this.#delayMs + this.#jitterMs(segments));
    this.#lastAtMs = Math.max(this.#lastAtMs, leavesAtMs + heldMs);
    return this.#lastAtMs - leavesAtMs;
  }

  #arrive(): void {
    const next = this.#underWay[0];
    if (this.#arriving !== null || next === undefined) return;
    this.#arriving = this.#clock.at(next.atMs, () => {
      this.#arriving = null;
      this.#underWay.shift();
      next.arrived();
      this.#arrive();
    });
  }
}
