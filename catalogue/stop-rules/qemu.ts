import { Bandwidth } from '../strategies/parts/bandwidth.ts';
import { checkBounds, fitsDowntime, syncIntervalMs } from '../strategies/parts/convergence.ts';
import { defineStopRule } from '../stop-rule.ts';

export default defineStopRule({
  name: 'qemu',
  help: 'pending pages and device state fit the downtime limit',
  parameters: {},
  goesByDowntimeLimit: true,
  precopy: async (session, signal) => {
    const { memory, pages, clock } = session;
    const startedAtMs = clock.nowMs();
    const bandwidth = new Bandwidth(session);
    // As in QEMU, a sync doesn't restart the search at the first page: pages behind a busy region would never get their
    // turn, and stay pending forever.
    let cursor = memory.firstToSend;
    const pending = memory.sync();
    // As in QEMU, bytes in flight don't count: draining them, about a round trip, adds to the downtime limit.
    const pendingBytes = (): number => memory.bytesOf(pending);
    const fits = (): boolean => fitsDowntime(pendingBytes(), bandwidth.bytesPerMs, session);
    for (let round = 1; ; round++) {
      const syncedAtMs = clock.nowMs();
      while (pending.count > 0 && !(clock.nowMs() - syncedAtMs >= syncIntervalMs && fits())) {
        signal.throwIfAborted();
        checkBounds(0, clock.nowMs() - startedAtMs, pendingBytes(), session);
        cursor = await pages.sendBatch(pending, cursor);
      }
      // Nothing is left to send: wait for what is in flight.
      await (pending.count === 0 && !fits() ? pages.barrier() : pages.fence());
      const dirtied = memory.sync();
      pending.addAll(dirtied);
      session.roundEnded(dirtied.count);
      if (fits()) return pending;
      checkBounds(round, clock.nowMs() - startedAtMs, pendingBytes(), session);
    }
  },
});
