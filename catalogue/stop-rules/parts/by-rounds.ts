import type { PageSet } from '#hosts/guest/page-set';
import type { MigrationSession } from '#hosts/ports';
import { Bandwidth } from '#catalogue/strategies/parts/bandwidth';
import { checkBounds, fitsDowntime } from '#catalogue/strategies/parts/convergence';
import { sendAll } from '#catalogue/strategies/parts/switchover';

/** The outcome of a round of pre-copy. */
export interface RoundEnd {
  /** Pages sent in it. */
  sentPages: number;
  /** Pages dirtied meanwhile, which are now pending. */
  pendingPages: number;
  nowMs: number;
}

/** Decides at the end of every round whether a pre-copy that doesn't converge should stop. Stateful. */
export interface RoundRule {
  stops(round: RoundEnd): boolean;
}

/**
 * Pre-copy in rounds, until the rest fits the downtime limit or the rule stops it.
 * @param isBoundByRounds whether `limits.maxRounds` applies; a stall is a matter of time, not of rounds.
 */
export const byRounds = async (
  session: MigrationSession,
  rule: RoundRule,
  isBoundByRounds: boolean,
  signal: AbortSignal,
): Promise<PageSet> => {
  const { memory, pages, limits, clock } = session;
  const startedAtMs = clock.nowMs();
  const bandwidth = new Bandwidth(session);
  let pending = memory.sync();
  for (let round = 1; ; round++) {
    const sentPages = pending.count;
    await sendAll(session, pending, signal);
    // A round ends when its pages have arrived, so what is dirtied meanwhile corresponds to the transfer time.
    await pages.barrier();
    pending = memory.sync();
    session.roundEnded(pending.count);
    const nowMs = clock.nowMs();
    const pendingBytes = memory.bytesOf(pending);
    // The rules apply only if pre-copy doesn't converge.
    const fits = fitsDowntime(pendingBytes, bandwidth.bytesPerMs, session);
    if (rule.stops({ sentPages, pendingPages: pending.count, nowMs }) || fits) return pending;
    const why = `never met the stop rule ${limits.convergence}`;
    checkBounds(isBoundByRounds ? round : 0, nowMs - startedAtMs, pendingBytes, session, why);
  }
};
