import { codeOf, LivemigError } from '#proto/errors';
import { formatMs } from '../format.ts';
import type { Run } from './context.ts';
import { tellSource } from './orders.ts';

/** What the scenario has done to a migration that takes too long (nova: live_migration_timeout_action). */

export interface TimeoutWatch {
  /** The migration has ended. Resolves when nothing is under way any more. */
  end: () => Promise<void>;
  /** @returns what ended the migration: the time limit, if the failure is that it was cancelled by it. */
  explained: (failure: unknown) => unknown;
}

const nothing: TimeoutWatch = { end: () => Promise.resolve(), explained: (failure) => failure };

/** From now on, until its end. */
export const watchTimeout = (run: Run, migrationId: string): TimeoutWatch => {
  const { clock, scenario } = run;
  const { onTimeout } = scenario;
  if (onTimeout === undefined) return nothing;
  const { afterMs, action } = onTimeout;
  const over = new AbortController();
  let isObeyed = false;

  const watched = (async () => {
    await clock.sleep(afterMs, over.signal);
    isObeyed = (await tellSource(run, migrationId, action, over.signal)).obeyed;
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
              'at the source. Allow more time, or let it switch over instead (action force-switchover or start-postcopy)',
            { cause: failure },
          )
        : failure,
  };
};
