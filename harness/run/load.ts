import { guestServicePort } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { LoadConfig, LoadSamples } from '#proto/service';
import { decodeLoadSamples } from '#proto/service';
import { pageSizeBytes } from '#proto/units';
import type { Run } from './context.ts';

/** For the observer's samples to come over, which are 30 MB at most. */
const answerTimeoutMs = 30_000;

/** Starts a load on the guest's service. */
export const beginLoad = async ({ clients, guests: [guest] }: Run, load: LoadConfig): Promise<void> => {
  if (guest === undefined) throw new LivemigError('INTERNAL', 'expected a guest to send requests to');
  await clients.observer.call('startLoad', {
    ...load,
    guestAddress: guest.address,
    port: guestServicePort,
    seed: guest.config.seed,
    pageCount: guest.config.ramBytes / pageSizeBytes,
  });
};

/**
 * Ends it, once all requests are answered or have timed out.
 * @throws LivemigError CROSS_CHECK_FAILED when it was longer than the observer keeps
 */
export const endLoad = async ({ clients }: Run, { timeoutMs }: LoadConfig): Promise<LoadSamples> => {
  const { blob, result } = await clients.observer.callWithBlob(
    'stopLoad',
    {},
    { timeoutMs: answerTimeoutMs + timeoutMs },
  );
  if (result.full)
    throw new LivemigError(
      'CROSS_CHECK_FAILED',
      'the load had more requests than the observer keeps: take a lower rate',
    );
  return decodeLoadSamples(blob);
};
