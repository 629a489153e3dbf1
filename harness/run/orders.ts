import { codeOf } from '#proto/errors';
import type { MigrationStatus } from '#proto/strategy';
import type { ControlMethod } from '#proto/control';
import type { PlainOrder } from '../timeline/types.ts';
import type { Run } from './context.ts';

/** What a run itself tells a migration, as other terminals tell it by the commands of these names. */

const methodOf = {
  'force-switchover': 'migrateForceSwitchover',
  'start-postcopy': 'migrateStartPostcopy',
  cancel: 'migrateCancel',
  continue: 'migrateContinue',
} as const satisfies Record<PlainOrder, ControlMethod>;

/** Before pages are sent there is nothing to switch over: the order is given as soon as there is. */
const tooEarly: readonly MigrationStatus[] = ['none', 'setup'];
const againMs = 50;

/** Obeyed; or why not: it is switching over by itself, or has ended, or its agent is gone, of which others tell. */
export type Told = { obeyed: true; tries: number } | { obeyed: false; error: unknown };

/**
 * Gives an order to the source, again and again while it comes too early. Rejects only with what the signal says.
 * @param give by default the plain order.
 */
export const tellSource = async (
  { clients, clock, patience }: Run,
  migrationId: string,
  order: PlainOrder | ((about: { timeoutMs: number; migrationId: string }) => Promise<unknown>),
  signal: AbortSignal,
): Promise<Told> => {
  const about = { timeoutMs: patience.noticeMs, migrationId };
  for (let tries = 1; ; tries++) {
    try {
      await (typeof order === 'string' ? clients.source.call(methodOf[order], {}, about) : order(about));
      return { obeyed: true, tries };
    } catch (error) {
      if (codeOf(error) !== 'ILLEGAL_PHASE') return { obeyed: false, error };
      const asked = await clients.source.call('queryMigrate', {}, about).catch(() => null);
      if (asked === null || !tooEarly.includes(asked.status)) return { obeyed: false, error };
    }
    await clock.sleep(againMs, signal);
  }
};
