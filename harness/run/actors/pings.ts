import { guestPingPort } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { PingSamples } from '#proto/pings';
import { decodePingSamples } from '#proto/pings';
import type { RunActor } from '../actor.ts';

/** For the observer's samples to come over, which are 30 MB at most. */
const answerTimeoutMs = 30_000;

/** The observer's pings of the guest: the outside view of its downtime. */
export const pings = () => {
  let seen: PingSamples | null = null;
  return {
    from: 'warm-up',
    until: 'collect',
    takesMs: ({ link }) => link.value.pace.settleMs,
    start: async ({ clients: { observer }, guests: [guest], link }) => {
      if (guest === undefined) throw new LivemigError('INTERNAL', 'expected a guest to ping');
      await observer.call('startPings', {
        guestAddress: guest.address,
        port: guestPingPort,
        intervalMs: link.value.pace.intervalMs,
      });
    },
    stop: async ({ clients: { observer }, link }, how) => {
      const settleMs = how === 'done' ? link.value.pace.settleMs : 0;
      const timeoutMs = answerTimeoutMs + settleMs;
      const { blob, result } = await observer.callWithBlob('stopPings', { settleMs }, { timeoutMs });
      if (how === 'done' && result.full)
        throw new LivemigError(
          'CROSS_CHECK_FAILED',
          'the observer saw only the first 30 minutes: send its pings less often',
        );
      seen = decodePingSamples(blob);
    },
    collect: async (): Promise<PingSamples> => {
      if (seen === null) throw new LivemigError('INTERNAL', 'expected the pings to have been stopped');
      return seen;
    },
  } satisfies RunActor;
};
