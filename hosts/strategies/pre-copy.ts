import type { MigrationSession, TransferStrategy } from '../ports.ts';
import { Bandwidth } from './bandwidth.ts';
import { checkBounds, fitsDowntime, syncIntervalMs, xenSuspends } from './convergence.ts';
import { smartStop } from './stop-rules/smart-stop.ts';
import { stall } from './stop-rules/stall.ts';
import type { StopRule } from './stop-rules/stop-rule.ts';
import { sendAll, stopAndSendRest } from './switchover.ts';

/** Pre-copy: send everything, send again what was dirtied meanwhile, and stop the guest by one of the rules. */
export const preCopy: TransferStrategy = {
  name: 'pre-copy',
  migrate: (session, signal) => {
    const { convergence, stallWindowMs } = session.limits;
    switch (convergence) {
      case 'qemu':
        return migrateByQemuRule(session, signal);
      case 'xen':
        return migrateByXenRule(session, signal);
      case 'smart-stop':
        return migrateByRounds(session, smartStop(), signal);
      case 'stall':
        return migrateByRounds(session, stall(stallWindowMs), signal);
    }
  },
};

const migrateByQemuRule = async (session: MigrationSession, signal: AbortSignal): Promise<void> => {
  const { memory, pages, clock } = session;
  const startedAtMs = clock.nowMs();
  const bandwidth = new Bandwidth(session);
  // A sync doesn't send the search back to the first page, as in QEMU: pages behind a busy region would never have their
  // turn, and count as pending for ever.
  let cursor = 0;
  const pending = memory.sync();
  // As in QEMU, what is in flight doesn't count: its drain, a round trip or so, comes on top of the downtime limit.
  const pendingBytes = (): number => pending.count * memory.pageSizeBytes;
  const fits = (): boolean => fitsDowntime(pendingBytes(), bandwidth.bytesPerMs, session);
  for (let round = 1; ; round++) {
    const syncedAtMs = clock.nowMs();
    while (pending.count > 0 && !(clock.nowMs() - syncedAtMs >= syncIntervalMs && fits())) {
      signal.throwIfAborted();
      checkBounds(0, clock.nowMs() - startedAtMs, pendingBytes(), session);
      cursor = await pages.sendBatch(pending, cursor);
    }
    // With nothing left to send, only what is in flight can be in the way: wait for it.
    await (pending.count === 0 && !fits() ? pages.barrier() : pages.fence());
    const dirtied = memory.sync();
    pending.addAll(dirtied);
    session.roundEnded(dirtied.count);
    if (fits()) break;
    checkBounds(round, clock.nowMs() - startedAtMs, pendingBytes(), session);
  }
  await stopAndSendRest(session, pending, signal);
};

const migrateByXenRule = async (session: MigrationSession, signal: AbortSignal): Promise<void> => {
  const { memory, pages } = session;
  let pending = memory.sync();
  for (let iteration = 1; ; iteration++) {
    const pagesTaken = pending.count;
    let cursor = 0;
    while (pending.count > 0) {
      signal.throwIfAborted();
      // A page dirtied again before its turn would be sent in vain: the next iteration has it.
      cursor = await pages.sendBatch(pending, cursor, (page) => iteration > 1 && memory.isDirty(page));
    }
    await pages.fence();
    pending = memory.sync();
    session.roundEnded(pending.count);
    if (xenSuspends(iteration, pagesTaken, pages.sentPages, memory.pageCount)) break;
  }
  await stopAndSendRest(session, pending, signal);
};

const migrateByRounds = async (
  session: MigrationSession,
  rule: StopRule,
  signal: AbortSignal,
): Promise<void> => {
  const { memory, pages, limits, clock } = session;
  const startedAtMs = clock.nowMs();
  const bandwidth = new Bandwidth(session);
  let pending = memory.sync();
  for (let round = 1; ; round++) {
    const sentPages = pending.count;
    await sendAll(session, pending, signal);
    // A round is over when it has arrived: what is dirtied meanwhile is as much as that takes.
    await pages.barrier();
    pending = memory.sync();
    session.roundEnded(pending.count);
    const nowMs = clock.nowMs();
    const pendingBytes = pending.count * memory.pageSizeBytes;
    // The rules are for what doesn't converge: what does, ends as it would without them.
    const fits = fitsDowntime(pendingBytes, bandwidth.bytesPerMs, session);
    if (rule.stops({ sentPages, pendingPages: pending.count, nowMs }) || fits) break;
    // A stall is a matter of time, however many rounds go into it.
    checkBounds(limits.convergence === 'stall' ? 0 : round, nowMs - startedAtMs, pendingBytes, session);
  }
  await stopAndSendRest(session, pending, signal);
};
