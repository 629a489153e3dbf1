import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { MigrationSession, TransferStrategy } from '../../hosts/ports.ts';
import { strategies } from '../../hosts/strategies/index.ts';
import { migrateOverLoopback } from '../support/loopback-migration.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

/** In place of one of livemig's own, as Jest can't import a strategy from a text. */
const migrateBy = async (migrate: TransferStrategy['migrate']) => {
  jest.replaceProperty(strategies, 'pre-copy', { name: 'mine', migrate });
  return migrateOverLoopback({ strategy: 'pre-copy' });
};

const moveAll = async (session: MigrationSession, signal: AbortSignal): Promise<void> => {
  await session.guest.pause();
  const pages = session.memory.sync();
  for (let cursor = 0; pages.count > 0;) {
    signal.throwIfAborted();
    cursor = await session.pages.sendBatch(pages, cursor);
  }
  await session.pages.fence();
  await session.destination.sendDeviceState();
  await session.destination.resume('complete');
};

describe('a strategy that ends', () => {
  test('with the destination’s word that it has everything completes', async () => {
    const { source, verified } = await migrateBy(async (session, signal) => {
      await moveAll(session, signal);
      await session.destination.complete();
    });
    expect(source).toMatchObject({ status: 'completed', error: null });
    expect(verified.mismatches).toBe(0);
  });

  test('without asking for that word has failed, and the guest is not run twice', async () => {
    const { source } = await migrateBy(moveAll);
    expect(source).toMatchObject({
      status: 'failed',
      guestRunningAtEnd: false,
      error: { code: 'ILLEGAL_PHASE' },
    });
    expect(source.error?.message).toMatch(/destination\.complete\(\)/);
  });

  test('at once has failed, and the guest goes on where it was', async () => {
    const { source, destination } = await migrateBy(() => Promise.resolve());
    expect(source).toMatchObject({
      status: 'failed',
      guestRunningAtEnd: true,
      error: { code: 'ILLEGAL_PHASE' },
    });
    expect(destination.status).toBe('failed');
  });

  test.each([null, undefined, 'text'])('by throwing %p has failed', async (thrown) => {
    const { source } = await migrateBy(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a strategy of one's own may do
      throw thrown;
    });
    expect(source).toMatchObject({ status: 'failed', guestRunningAtEnd: true });
    expect(source.error?.message).toMatch(/expected an Error to be thrown/);
  });
});
