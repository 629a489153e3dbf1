import { codeOf, LivemigError } from '#proto/errors';
import type { MigrationStatus, TimeoutAction } from '#proto/strategy';
import { formatMs } from '../format.ts';
import type { Run } from './context.ts';

/** What the scenario has done to a migration that takes too long (nova: live_migration_timeout_action). */

const methodOf = {
  force: 'migrateForceSwitchover',
  postcopy: 'migrateStartPostcopy',
  cancel: 'migrateCancel',
} as const satisfies Record<TimeoutAction, string>;

/** Before pages are sent there is nothing to switch over: the order is given as soon as there is. */
const tooEarly: readonly MigrationStatus[] = ['none', 'setup'];
const againMs = 50;

export interface TimeoutWatch {
  /** The migration has ended. Resolves when nothing is under way any more. */
  end: () => Promise<void>;
  /** @returns what ended the migration: the time limit, if the failure is that it was cancelled by it. */
  explained: (failure: unknown) => unknown;
}

const nothing: TimeoutWatch = { end: () => Promise.resolve(), explained: (failure) => failure };

/** From now on, until its end. */
export const watchTimeout = (run: Run, migrationId: string): TimeoutWatch => {
  const { clients, clock, scenario, patience } = run;
  const { onTimeout } = scenario;
  if (onTimeout === undefined) return nothing;
  const { afterMs, action } = onTimeout;
  const over = new AbortController();
  const ofIt = { timeoutMs: patience.noticeMs, migrationId };
  let isObeyed = false;

  /** @returns whether there is nothing more to do. */
  const act = async (): Promise<boolean> => {
    try {
      await clients.source.call(methodOf[action], {}, ofIt);
      isObeyed = true;
      return true;
    } catch (error) {
      // It is switching over by itself, or has ended; or the agent is gone, of which others tell.
      if (codeOf(error) !== 'ILLEGAL_PHASE') return true;
      const { status } = await clients.source.call('queryMigrate', {}, ofIt);
      return !tooEarly.includes(status);
    }
  };

  const watched = (async () => {
    await clock.sleep(afterMs, over.signal);
    while (!over.signal.aborted && !(await act())) await clock.sleep(againMs, over.signal);
  })().catch(() => undefined);

  return {
    end: async () => {
      over.abort();
      await watched;
    },
    explained: (failure) =>
      isObeyed && action === 'cancel' && codeOf(failure) === 'CANCELLED'
        ? new LivemigError(
            'TIMEOUT',
            `expected the migration to end within ${formatMs(afterMs)} (onTimeout), it was cancelled then: the guest runs on ` +
              'at the source. Allow more time, or let it switch over instead (action force or postcopy)',
            { cause: failure },
          )
        : failure,
  };
};
