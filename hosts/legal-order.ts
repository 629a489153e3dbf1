import { LivemigError } from '#proto/errors';
import type { MigrationSession, TransferStrategy } from './ports.ts';

/** JavaScript lets a strategy of the user's own ask for any. */
const modes: readonly string[] = ['complete', 'postcopy'];

/**
 * Holds a strategy to the legal order of phases: pause, then device state, then resume, then completion. What is out
 * of order is refused before it reaches the destination.
 */
const guarded = (session: MigrationSession): MigrationSession => {
  let isPaused = false;
  let isStateSent = false;
  let isResumed = false;
  const demand = (holds: boolean, call: string, rule: string): void => {
    if (!holds) throw new LivemigError('ILLEGAL_PHASE', `${call} was called, but ${rule}`);
  };
  return {
    ...session,
    guest: {
      deviceStateBytes: session.guest.deviceStateBytes,
      pause: async () => {
        demand(!isPaused, 'guest.pause', 'the guest is paused already');
        await session.guest.pause();
        isPaused = true;
      },
    },
    destination: {
      prime: () => {
        demand(!isPaused, 'destination.prime', 'it would add to the downtime of a paused guest');
        return session.destination.prime();
      },
      discard: async (pages) => {
        demand(isPaused && !isResumed, 'destination.discard', 'discards belong between pause and resume');
        await session.destination.discard(pages);
      },
      sendDeviceState: async () => {
        demand(isPaused, 'destination.sendDeviceState', 'a running guest has no final device state');
        demand(!isStateSent, 'destination.sendDeviceState', 'the device state has been sent already');
        await session.destination.sendDeviceState();
        isStateSent = true;
      },
      resume: async (mode) => {
        demand(isPaused, 'destination.resume', 'the guest still runs at the source');
        demand(isStateSent, 'destination.resume', 'the device state has not been sent');
        demand(!isResumed, 'destination.resume', 'the guest was resumed already');
        demand(modes.includes(mode), 'destination.resume', `its mode is none of ${modes.join(', ')}`);
        isResumed = true;
        await session.destination.resume(mode);
      },
      complete: async () => {
        demand(isResumed, 'destination.complete', 'the guest has not been resumed');
        await session.destination.complete();
      },
    },
  };
};

/** The strategy, held to the legal order. */
export const lawful = (strategy: TransferStrategy): TransferStrategy => ({
  name: strategy.name,
  ...(strategy.traits === undefined ? {} : { traits: strategy.traits }),
  migrate: (session, signal) => strategy.migrate(guarded(session), signal),
});
