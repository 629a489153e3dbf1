import type { PageSet } from '../guest/page-set.ts';
import type { MigrationSession } from '../ports.ts';

/** Sends everything in `pages`. */
export const sendAll = async (
  session: MigrationSession,
  pages: PageSet,
  signal: AbortSignal,
): Promise<void> => {
  let cursor = 0;
  while (pages.count > 0) {
    signal.throwIfAborted();
    cursor = await session.pages.sendBatch(pages, cursor);
  }
};

/** Stops the guest, sends what is `pending` and what was dirtied last, and resumes it with complete memory. */
export const stopAndSendRest = async (
  session: MigrationSession,
  pending: PageSet,
  signal: AbortSignal,
): Promise<void> => {
  await session.guest.pause();
  pending.addAll(session.memory.sync());
  await sendAll(session, pending, signal);
  await session.destination.sendDeviceState();
  await session.destination.resume('complete');
  session.roundEnded(0);
  await session.destination.complete();
};

/**
 * Stops the guest, resumes it at the destination with pages missing, and pushes these in the background while demand
 * faults overtake them. After a fault the push goes on from the faulted page (QEMU), as its neighbours are likely next.
 * @param missing pages that the destination lacks or has a stale copy of.
 * @param stale those of them that it has a stale copy of.
 */
export const switchToPostcopy = async (
  session: MigrationSession,
  missing: PageSet,
  stale: PageSet | null,
  signal: AbortSignal,
): Promise<void> => {
  await session.guest.pause();
  const dirtied = session.memory.sync();
  missing.addAll(dirtied);
  if (stale !== null) {
    stale.addAll(dirtied);
    await session.destination.discard(stale);
  }
  session.faults.serve(missing);
  await session.destination.sendDeviceState();
  await session.destination.resume('postcopy');
  if (session.limits.postcopyPushDelayMs > 0)
    await session.clock.sleep(session.limits.postcopyPushDelayMs, signal);
  await push(session, missing, signal);
  session.roundEnded(0);
  await session.destination.complete();
};

const push = async (session: MigrationSession, missing: PageSet, signal: AbortSignal): Promise<void> => {
  const { faults, pages } = session;
  let cursor = 0;
  while (missing.count > 0) {
    signal.throwIfAborted();
    const faulted = faults.take();
    cursor = await pages.sendBatch(missing, faulted ?? cursor);
    if (faulted !== null && faults.blocksPush) await pages.barrier();
  }
};
