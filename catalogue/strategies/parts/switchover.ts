import type { PageSet } from '#hosts/guest/page-set';
import type { MigrationSession } from '#hosts/ports';
import { Bandwidth } from './bandwidth.ts';
import { checkBounds, fitsDowntime } from './convergence.ts';

/** Sends everything in `pages`, a disk first. */
export const sendAll = async (
  session: MigrationSession,
  pages: PageSet,
  signal: AbortSignal,
): Promise<void> => {
  let cursor = session.memory.firstToSend;
  while (pages.count > 0) {
    signal.throwIfAborted();
    cursor = await session.pages.sendBatch(pages, cursor);
  }
};

/** Pauses the guest, sends what is `pending` or newly dirtied, and resumes it with complete memory. */
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
 * Sends a disk, which must be complete at the destination before the guest runs there, while the guest still runs here:
 * in rounds, until its dirty part fits the downtime limit.
 * @param missing pages to be sent, from which a disk's are taken; what is dirtied meanwhile is added.
 * @param stale also gets what is dirtied; null = not needed.
 * @throws LivemigError NOT_CONVERGED when that takes longer than the limits allow
 */
const precopyDisk = async (
  session: MigrationSession,
  missing: PageSet,
  stale: PageSet | null,
  signal: AbortSignal,
): Promise<void> => {
  const { memory, pages, clock } = session;
  const startedAtMs = clock.nowMs();
  const bandwidth = new Bandwidth(session);
  let left = memory.mustPrecopy(missing);
  for (let round = 1; left.count > 0; round++) {
    missing.deleteAll(left);
    await sendAll(session, left, signal);
    await pages.barrier();
    const dirtied = memory.sync();
    session.roundEnded(dirtied.count);
    left = memory.mustPrecopy(dirtied);
    missing.addAll(dirtied);
    stale?.addAll(dirtied);
    if (fitsDowntime(memory.bytesOf(left), bandwidth.bytesPerMs, session)) return;
    checkBounds(round, clock.nowMs() - startedAtMs, memory.bytesOf(left), session);
  }
};

/**
 * Pauses the guest, resumes it at the destination with pages missing, and pushes these in the background while demand
 * faults overtake them. After a fault the push continues from the faulted page (QEMU), as its neighbours are likely
 * next. A disk is sent before.
 * @param missing pages that the destination lacks or has stale copies of.
 * @param stale those of them that it has stale copies of.
 */
export const switchToPostcopy = async (
  session: MigrationSession,
  missing: PageSet,
  stale: PageSet | null,
  signal: AbortSignal,
): Promise<void> => {
  const { memory } = session;
  await precopyDisk(session, missing, stale, signal);
  await session.guest.pause();
  const dirtied = memory.sync();
  missing.addAll(dirtied);
  const ofDisk = memory.mustPrecopy(missing);
  missing.deleteAll(ofDisk);
  if (stale !== null) {
    stale.addAll(dirtied);
    stale.deleteAll(memory.mustPrecopy(stale));
    await session.destination.discard(stale);
  }
  await sendAll(session, ofDisk, signal);
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
