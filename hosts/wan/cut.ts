import { setTimeout as sleep } from 'node:timers/promises';
import type { CutEndedEvent, CutEvent } from '#proto/events';
import { monotonicMs } from '#proto/units';
import { command } from '../command.ts';

/** Before the main table's rule (32766), which routes everything. */
const priority = '100';

const rule = (action: 'add' | 'del', from: string, to: string): Promise<string> =>
  command(['ip', '-4', 'rule', action, 'priority', priority, 'from', from, 'to', to, 'blackhole'], {
    code: 'LINK_NOT_APPLIED',
  });

/**
 * Cuts the link between two hosts as a digger would: meanwhile every packet between them vanishes, in both directions.
 * What is already on the link arrives. Resolves when the link works again.
 * @param tell when it is cut in both directions, and when it works again.
 * @param signal restores it early.
 * @throws LivemigError LINK_NOT_APPLIED
 */
export const cutBetween = async (
  [one, other]: readonly [string, string],
  durationMs: number,
  tell: (event: CutEvent | CutEndedEvent) => void,
  signal: AbortSignal,
): Promise<void> => {
  const ways = [
    [one, other],
    [other, one],
  ] as const;
  const cut: (readonly [string, string])[] = [];
  let startedAtMs: number | null = null;
  try {
    for (const way of ways) {
      await rule('add', ...way);
      cut.push(way);
    }
    startedAtMs = monotonicMs();
    tell({ type: 'cut', atMs: startedAtMs, plannedMs: durationMs });
    // The signal ends the cut early; that is not an error.
    await sleep(durationMs, undefined, { signal }).catch(() => undefined);
  } finally {
    // If one direction can't be restored, the other still is, and listeners are told that the cut is over.
    const made = await Promise.allSettled(cut.map((way) => rule('del', ...way)));
    if (startedAtMs !== null) tell({ type: 'cut-ended', atMs: monotonicMs(), startedAtMs });
    const failed = made.find((outcome) => outcome.status === 'rejected');
    // eslint-disable-next-line no-unsafe-finally -- a link that stays cut is worse than what ended the cut
    if (failed !== undefined) throw failed.reason;
  }
};
