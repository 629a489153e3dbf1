import type { PageSet } from '#hosts/guest/page-set';
import type { MigrationSession } from '#hosts/ports';
import { integer } from '../parameter.ts';
import { Bandwidth } from '../strategies/parts/bandwidth.ts';
import { bandwidthIntervalMs, fitsDowntime, syncIntervalMs } from '../strategies/parts/convergence.ts';
import { sendAll } from '../strategies/parts/switchover.ts';
import { defineStopRule } from '../stop-rule.ts';

/** From the order to pause to the first instruction at the destination: the round trips, … */
const switchoverRoundTrips = 3;
/** … the hosts' own work, stopping vCPUs and loading the state. */
const switchoverWorkMs = 50;
/** What a link's rate may turn out to be below its profile, or fall to during a migration. */
const rateMargin = 0.9;

const zeroPagesOf = ({ memory }: MigrationSession, pages: PageSet): PageSet => {
  const zero = memory.noPages();
  for (const { first, count } of pages.runs())
    for (let page = first; page < first + count; page++) if (memory.isZero(page)) zero.add(page);
  return zero;
};

/** What is left to do, if the guest were paused now, and how long that takes. */
class Remainder {
  readonly #session: MigrationSession;
  readonly #unconfirmedAtBytes: number;
  readonly #startedAtMs: number;
  #bandwidth: Bandwidth | null = null;
  #sinceMs = 0;
  #firstAnswerMs = 0;

  constructor(session: MigrationSession) {
    this.#session = session;
    this.#unconfirmedAtBytes = session.pages.confirmedBytes;
    this.#startedAtMs = session.clock.nowMs();
  }

  /** Bytes per ms; 0 until it is known. The ramp, before anything has been confirmed, says nothing about the link. */
  get bytesPerMs(): number {
    const { pages, clock } = this.#session;
    if (this.#bandwidth === null) {
      if (pages.confirmedBytes <= this.#unconfirmedAtBytes) return 0;
      this.#bandwidth = new Bandwidth(this.#session);
      this.#sinceMs = clock.nowMs();
      this.#firstAnswerMs = this.#sinceMs - this.#startedAtMs;
    }
    return clock.nowMs() - this.#sinceMs < bandwidthIntervalMs ? 0 : this.#bandwidth.bytesPerMs;
  }

  /** Time to the end of the migration with this many bytes of pages; 0 while the rate is not known. */
  ms(pageBytes: number): number {
    const { bytesPerMs } = this;
    if (bytesPerMs === 0) return 0;
    const { pages, guest } = this.#session;
    const inFlightBytes = pages.sentBytes - pages.confirmedBytes;
    return (
      (pageBytes + inFlightBytes + guest.deviceStateBytes) / (bytesPerMs * rateMargin) +
      switchoverRoundTrips * this.#firstAnswerMs +
      switchoverWorkMs
    );
  }
}

/**
 * A guaranteed migration time, which Akoush et al. 2010 leave as an open question: pre-copy as under QEMU's rule, but
 * the guest is paused as soon as what is left would otherwise not arrive by the deadline. The price is a longer
 * downtime; the result says by how much it exceeds the limit.
 */
export default defineStopRule({
  name: 'deadline',
  help: 'the rest fits the downtime limit, or else the migration would not end by the deadline',
  parameters: {
    deadlineMs: integer({
      help: 'the migration ends within this time, whatever the downtime',
      unit: 'ms',
      least: 1,
      most: 24 * 3_600_000,
      default: 30_000,
      option: '--deadline <ms>',
    }),
  },
  goesByDowntimeLimit: true,
  endsByItself: 'the deadline ends pre-copy at any dirty rate',
  refuses: ({ firstRoundBytes, deviceStateBytes, rateMbps, rttMs }, { deadlineMs }) => {
    const bytesPerMs = (rateMbps * rateMargin * 1000) / 8;
    const leastMs = Math.ceil(
      (firstRoundBytes + deviceStateBytes) / bytesPerMs +
        (1 + switchoverRoundTrips) * rttMs +
        switchoverWorkMs,
    );
    return leastMs <= deadlineMs
      ? undefined
      : `expected a deadline of at least ${leastMs} ms, as the link takes that to send the guest once, got ${deadlineMs} ms`;
  },
  precopy: async (session, signal, { deadlineMs }) => {
    const { memory, pages, clock } = session;
    const deadlineAtMs = clock.nowMs() + deadlineMs;
    let pending = memory.sync();
    // Zero pages cost next to nothing. They go first, so that all of what is pending costs the link its bytes.
    const zero = zeroPagesOf(session, pending);
    pending.deleteAll(zero);
    await sendAll(session, zero, signal);
    const remainder = new Remainder(session);
    for (;;) {
      /** Dirtied since the round began: disjoint from `pending`, and the next round's. */
      const dirtied = memory.noPages();
      let cursor = 0;
      let syncedAtMs = clock.nowMs();
      let latestBytes = 0;
      const sync = (): void => {
        const latest = memory.sync();
        latestBytes = memory.bytesOf(latest);
        // A page dirtied again before its turn would be sent in vain.
        pending.deleteAll(latest);
        dirtied.addAll(latest);
        syncedAtMs = clock.nowMs();
      };
      while (pending.count > 0) {
        signal.throwIfAborted();
        cursor = await pages.sendBatch(pending, cursor);
        if (clock.nowMs() - syncedAtMs < syncIntervalMs) continue;
        sync();
        // Until the next look, the guest may dirty as much again.
        const leftBytes = memory.bytesOf(pending) + memory.bytesOf(dirtied) + latestBytes;
        if (clock.nowMs() + syncIntervalMs + remainder.ms(leftBytes) < deadlineAtMs) continue;
        pending.addAll(dirtied);
        return pending;
      }
      await pages.fence();
      sync();
      pending = dirtied;
      session.roundEnded(pending.count);
      const pendingBytes = memory.bytesOf(pending);
      const { bytesPerMs } = remainder;
      // Another round takes as long as sending what is pending, and leaves about as much to send again.
      const nextRoundMs = bytesPerMs === 0 ? 0 : pendingBytes / bytesPerMs;
      const isLate = clock.nowMs() + nextRoundMs + remainder.ms(pendingBytes) > deadlineAtMs;
      if (pending.count === 0 || isLate || fitsDowntime(pendingBytes, bytesPerMs, session)) return pending;
    }
  },
});
