import { setTimeout as sleep } from 'node:timers/promises';
import type { CutEndedEvent, CutEvent } from '../../proto/events.ts';
import { monotonicMs } from '../../proto/units.ts';
import { command } from '../command.ts';

/** Before the main table's rule (32766), which routes everything. */
const priority = '100';

const rule = (action: 'add' | 'del', from: string, to: string): Promise<string> =>
  command(['ip', '-4', 'rule', action, 'priority', priority, 'from', from, 'to', to, 'blackhole'], {
    code: 'LINK_NOT_APPLIED',
  });

/**
 * Cuts the link between two hosts as a digger would: for so long every packet between them vanishes, both ways. What is in
 * the link already arrives. Resolves when it is whole again.
 * @param tell when it is cut both ways, and when it is whole again.
 * @param signal makes it whole before its time.
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
    // Whoever waits for it learns nothing from an early end but that.
    await sleep(durationMs, undefined, { signal }).catch(() => undefined);
  } finally {
    for (const way of cut) await rule('del', ...way);
    if (startedAtMs !== null) tell({ type: 'cut-ended', atMs: monotonicMs(), startedAtMs });
  }
};
