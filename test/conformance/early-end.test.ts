import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Guest } from '#hosts/guest/guest';
import type { MigrationControl } from '#hosts/migration-control';
import type { MigrationSession, TransferStrategy } from '#hosts/ports';
import { definedAs } from '#catalogue/room';
import { negativeControlNames, strategies, strategyNamed } from '#catalogue/strategies';
import { codeOf } from '#proto/errors';
import { migrateOverLoopback, withLoopbackLab } from '../support/loopback-migration.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Replaces one of livemig's own strategies, as Jest can't import a strategy from text. */
const migrateBy = async (migrate: TransferStrategy['migrate']) => {
  jest.spyOn(definedAs(strategies, 'pre-copy'), 'migrate').mockImplementation(migrate);
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

describe('how a strategy may end', () => {
  test('after the destination confirmed that it has everything: completed', async () => {
    const { source, verified } = await migrateBy(async (session, signal) => {
      await moveAll(session, signal);
      await session.destination.complete();
    });
    expect(source).toMatchObject({ status: 'completed', error: null });
    expect(verified.mismatches).toBe(0);
  });

  test('without asking for that confirmation: failed, and the guest does not run twice', async () => {
    const { source } = await migrateBy(moveAll);
    expect(source).toMatchObject({
      status: 'failed',
      guestRunningAtEnd: false,
      error: { code: 'ILLEGAL_PHASE' },
    });
    expect(source.error?.message).toMatch(/destination\.complete\(\)/);
  });

  test('at once: failed, and the guest runs on at the source', async () => {
    const { source, destination } = await migrateBy(() => Promise.resolve());
    expect(source).toMatchObject({
      status: 'failed',
      guestRunningAtEnd: true,
      error: { code: 'ILLEGAL_PHASE' },
    });
    expect(destination.status).toBe('failed');
  });

  test('at once without a promise, as JavaScript allows: failed as well', async () => {
    const { source } = await migrateBy((() => undefined) as unknown as TransferStrategy['migrate']);
    expect(source).toMatchObject({
      status: 'failed',
      guestRunningAtEnd: true,
      error: { code: 'ILLEGAL_PHASE' },
    });
  });

  test.each([null, undefined, 'text'])('by throwing %p: failed', async (thrown) => {
    const { source } = await migrateBy(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a strategy of one's own may do
      throw thrown;
    });
    expect(source).toMatchObject({ status: 'failed', guestRunningAtEnd: true });
    expect(source.error?.message).toMatch(/expected an Error to be thrown/);
  });

  test('never, whatever becomes of its migration: everybody else still ends', async () => {
    const late: Record<string, unknown> = {};
    const isOver = Promise.withResolvers<undefined>();
    const migrate: TransferStrategy['migrate'] = async (session) => {
      const { destination, pages } = session;
      const all = session.memory.sync();
      const meanwhile = pages.barrier();
      await isOver.promise;
      // What it still asks for is refused, and the guest runs on.
      const calls: Record<string, () => unknown> = {
        barrier: () => meanwhile,
        pause: () => session.guest.pause(),
        sync: () => session.memory.sync(),
        sendBatch: () => pages.sendBatch(all, 0),
        anotherBarrier: () => pages.barrier(),
        prime: () => destination.prime(),
        discard: () => destination.discard(all),
        sendDeviceState: () => destination.sendDeviceState(),
        resume: () => destination.resume('postcopy'),
        complete: () => destination.complete(),
        sleep: () => session.clock.sleep(1, new AbortController().signal),
        roundEnded: () => {
          session.roundEnded(0);
        },
      };
      for (const [name, call] of Object.entries(calls))
        late[name] = await (async () => call())().then(() => 'obeyed', codeOf);
      await new Promise(() => undefined);
    };
    // Replaces a strategy that isn't held to the legal order: the session itself must refuse.
    const [unguarded = ''] = negativeControlNames;
    jest.spyOn(strategyNamed(unguarded), 'migrate').mockImplementation(migrate);
    let control: MigrationControl | undefined;
    const { source, events } = await withLoopbackLab({}, (lab) =>
      lab.migrate({ strategy: unguarded }, (event, outgoing) => {
        ({ control } = outgoing);
        if (event.type === 'status' && event.status === 'active')
          setImmediate(() => {
            outgoing.control.cancel();
          });
      }),
    );
    expect(source).toMatchObject({ status: 'cancelled', guestRunningAtEnd: true });
    const told = events.length;
    const reported = structuredClone(source);
    isOver.resolve(undefined);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(Object.keys(late)).toHaveLength(12);
    expect(late).toEqual(Object.fromEntries(Object.keys(late).map((name) => [name, 'CANCELLED'])));
    expect(control?.mayRunAtDestination).toBe(false);
    expect(events).toHaveLength(told);
    expect(source).toEqual(reported);
  });

  test('while its guest is being stopped: the stop completes, and the report is unaffected', async () => {
    const ended = Promise.withResolvers<unknown>();
    jest.spyOn(definedAs(strategies, 'pre-copy'), 'migrate').mockImplementation(async (session) => {
      await session.guest.pause().then(() => {
        ended.resolve('obeyed');
      }, ended.resolve);
      await new Promise(() => undefined);
    });
    const { source, events } = await withLoopbackLab({}, (lab) => {
      const machine = Guest.prototype;
      const { pause } = machine;
      const stopped = Promise.withResolvers<undefined>();
      jest.spyOn(machine, 'pause').mockImplementationOnce(async function slow(this: Guest) {
        await pause.call(this);
        // The last vCPU takes its time, and the migration fails meanwhile.
        await stopped.promise;
      });
      return lab.migrate({ strategy: 'pre-copy' }, (event, outgoing) => {
        if (event.type !== 'status') return;
        if (event.status === 'device') outgoing.control.cancel();
        if (event.status === 'cancelled')
          setImmediate(() => {
            stopped.resolve(undefined);
          });
      });
    });
    expect(codeOf(await ended.promise)).toBe('CANCELLED');
    expect(source).toMatchObject({ status: 'cancelled', guestRunningAtEnd: true });
    const last = events.findLast(({ type }) => type === 'status');
    expect(last).toMatchObject({ status: 'cancelled' });
  });
});
