import type { Socket } from 'node:net';
import type { ThroughputProbeResult } from '#proto/control';
import { monotonicMs } from '#proto/units';

const requestBytes = 8;

/** The sender's first bytes: how long to wait, how long to measure, in ms. */
export const requestOf = (rampMs: number, measureMs: number): Buffer => {
  const request = Buffer.alloc(requestBytes);
  request.writeUInt32LE(rampMs, 0);
  request.writeUInt32LE(measureMs, 4);
  return request;
};

/**
 * The rate at which bytes arrive in a window, by the sink's clock, so that the sender's buffers don't count: the slope
 * of a least-squares line through all arrivals. Two readings alone would count what piled up in a stall before the
 * window: 15 ms are 3 % of half a second. Pure.
 */
export class GoodputWindow {
  readonly #from: number;
  readonly #to: number;
  #first: { bytes: number; atMs: number } | undefined;
  #bytes = 0;
  #count = 0;
  #sumMs = 0;
  #sumBytes = 0;
  #sumMsMs = 0;
  #sumMsBytes = 0;
  #before = 0;
  readonly #measureMs: number;

  constructor(startedAtMs: number, rampMs: number, measureMs: number) {
    this.#from = startedAtMs + rampMs;
    this.#to = startedAtMs + rampMs + measureMs;
    this.#measureMs = measureMs;
  }

  /** @returns the result once the window is over */
  add(bytes: number, atMs: number): ThroughputProbeResult | undefined {
    this.#bytes += bytes;
    if (atMs < this.#from) {
      this.#before = this.#bytes;
      return undefined;
    }
    this.#first ??= { bytes: this.#bytes, atMs };
    // Relative to the first arrival, to keep the sums precise.
    const elapsedMs = atMs - this.#first.atMs;
    const counted = this.#bytes - this.#first.bytes;
    this.#count += 1;
    this.#sumMs += elapsedMs;
    this.#sumBytes += counted;
    this.#sumMsMs += elapsedMs * elapsedMs;
    this.#sumMsBytes += elapsedMs * counted;
    if (atMs < this.#to || elapsedMs === 0) return undefined;
    const bytesPerMs =
      (this.#count * this.#sumMsBytes - this.#sumMs * this.#sumBytes) /
      (this.#count * this.#sumMsMs - this.#sumMs * this.#sumMs);
    return { goodputMbps: (bytesPerMs * 8) / 1e3, bytes: counted, measuredMs: elapsedMs };
  }

  /** The mean over a finished window after which nothing came: there is too little for a slope. */
  close(): ThroughputProbeResult {
    const bytes = this.#bytes - this.#before;
    return { goodputMbps: (bytes * 8) / 1e3 / this.#measureMs, bytes, measuredMs: this.#measureMs };
  }
}

/** How long after its window a sink waits for the arrival that closes it: a very lossy link falls silent. */
const silenceMs = 500;

/** Reads the request and the flood that follows, and reports once the window is over. */
export const acceptThroughputProbe = (socket: Socket): void => {
  let request = Buffer.alloc(0);
  let window: GoodputWindow | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reported = false;
  const report = (result: ThroughputProbeResult): void => {
    reported = true;
    clearTimeout(timer);
    socket.write(`${JSON.stringify(result)}\n`);
  };
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
  });
  socket.on('data', (data: Buffer) => {
    if (reported) return;
    const nowMs = monotonicMs();
    if (window === undefined) {
      request = Buffer.concat([request, data.subarray(0, requestBytes)]);
      if (request.length < requestBytes) return;
      const [rampMs, measureMs] = [request.readUInt32LE(0), request.readUInt32LE(4)];
      const opened = (window = new GoodputWindow(nowMs, rampMs, measureMs));
      timer = setTimeout(
        // What has arrived by now is read first: it may have been this process that stood still.
        () => setImmediate(() => { if (!reported) report(opened.close()); }),
        rampMs + measureMs + silenceMs,
      ); // prettier-ignore
    }
    const result = window.add(data.length, nowMs);
    if (result !== undefined) report(result);
  });
};
