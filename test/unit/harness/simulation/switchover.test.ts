import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { settingsOf } from '#catalogue/capabilities';
import { stopRuleNames } from '#catalogue/stop-rules';
import { strategyNames, traitsOf } from '#catalogue/strategies';
import { switchoverRefusal } from '#catalogue/switchover';
import type { Trial } from '#harness/conformance/trial';
import type { TransferStrategy } from '#hosts/ports';
import { codeOf } from '#proto/errors';
import type { MigrationStatus, SwitchoverOrder } from '#proto/strategy';
import { switchoverOrders } from '#proto/strategy';
import { fuzz } from '#test/support/fuzz';
import { movedWhole, triedNamed, triedStrategy } from '#test/support/trials';
import type { TriedMigration } from '#test/support/trials';

/** So slow that rounds never end, and a guest that dirties more than that. */
const limits = { maxBandwidthMbps: 100, hybridRounds: 100, maxRounds: 10_000, downtimeLimitMs: 1 };

interface Ordered {
  migration: TriedMigration;
  /** What came of the order: `taken`, or the code of the refusal. */
  outcome: string;
}

/** Orders the switchover so long after the migration has become active. */
const ordered = async (
  strategy: string | TransferStrategy,
  order: SwitchoverOrder,
  { afterMs = 60, ...change }: Partial<Trial> & { afterMs?: number } = {},
): Promise<Ordered> => {
  let outcome = 'never given';
  const trial = { limits, ...change };
  const options: Parameters<typeof triedNamed>[2] = {
    watch: (event, { outgoing, clock }) => {
      if (event.type !== 'status' || event.status !== 'active') return;
      clock.timer(afterMs, () => {
        try {
          outgoing.control.orderSwitchover(order);
          outcome = 'taken';
        } catch (error) {
          outcome = codeOf(error);
        }
      });
    },
  };
  const migration =
    typeof strategy === 'string'
      ? await triedNamed(strategy, trial, options)
      : await triedStrategy(strategy, trial, options);
  return { migration, outcome };
};

const statusesOf = ({ events }: TriedMigration): MigrationStatus[] =>
  events.flatMap((event) => (event.type === 'status' ? [event.status] : []));
const pausedAfterMs = ({ activeAtMs, pausedAtMs }: TriedMigration): number => pausedAtMs - activeAtMs;

describe('force', () => {
  test.each(['pre-copy', 'hybrid'])('ends %s at once, whatever the downtime', async (strategy) => {
    const { migration, outcome } = await ordered(strategy, 'force');
    expect(outcome).toBe('taken');
    expect(migration).toMatchObject(movedWhole);
    expect(statusesOf(migration)).toEqual(['setup', 'active', 'device', 'completed']);
    // A message of the pacer's may be on its way.
    expect(pausedAfterMs(migration)).toBeGreaterThanOrEqual(60);
    expect(pausedAfterMs(migration)).toBeLessThan(100);
    // The rest, some MiB, was sent with the guest stopped, without the cap.
    expect(migration.source.ram.downtimeBytes).toBeGreaterThan(2 << 20);
    expect(migration.downtimeMs).toBeGreaterThan(20);
    expect(migration.events).toContainEqual(expect.objectContaining({ type: 'switchover', order: 'force' }));
  });

  test('control: without it pre-copy of this guest does not end by itself', async () => {
    const migration = await triedNamed('pre-copy', { limits: { ...limits, maxPrecopyMs: 2000 } });
    expect(migration.source.error?.code).toBe('NOT_CONVERGED');
  });
});

describe('postcopy', () => {
  const preCopy = { capabilities: { 'postcopy-ram': true } } as const;

  test.each<[string, Partial<Trial>]>([
    ['hybrid', {}],
    ['pre-copy', preCopy],
    ['pre-copy', { ...preCopy, transfer: { channels: 3 }, vcpus: 2 }],
    ['pre-copy', { capabilities: { 'postcopy-ram': true, xbzrle: 64, prepaging: 'bubbling' } }],
  ])('lets the guest of %s run at the destination, and sends the rest: %j', async (strategy, change) => {
    const { migration, outcome } = await ordered(strategy, 'postcopy', change);
    expect(outcome).toBe('taken');
    expect(migration).toMatchObject(movedWhole);
    expect(statusesOf(migration)).toEqual(['setup', 'active', 'device', 'postcopy-active', 'completed']);
    expect(pausedAfterMs(migration)).toBeLessThan(100);
    expect(migration.source.ram.postcopyBytes).toBeGreaterThan(2 << 20);
  });

  test.each(['hybrid', 'pre-copy'])('in later rounds discards older copies first, %s', async (strategy) => {
    const change = strategy === 'hybrid' ? {} : preCopy;
    const { migration, outcome } = await ordered(strategy, 'postcopy', { ...change, afterMs: 500 });
    expect(outcome).toBe('taken');
    expect(migration).toMatchObject(movedWhole);
    expect(migration.destination.received.discardedPages).toBeGreaterThan(0);
  });

  test('before the first page sends everything after the guest', async () => {
    const { migration, outcome } = await ordered('hybrid', 'postcopy', { afterMs: 0 });
    expect(outcome).toBe('taken');
    expect(migration).toMatchObject(movedWhole);
  });
});

describe('at any moment, under every stop rule', () => {
  const order = fc.record({
    order: fc.constantFrom(...switchoverOrders),
    rule: fc.constantFrom(...stopRuleNames),
    strategy: fc.constantFrom('pre-copy', 'hybrid'),
    afterMs: fc.integer({ min: 0, max: 400 }),
    channels: fc.constantFrom(1, 3),
    dirtyPagesPerMs: fc.integer({ min: 0, max: 30 }),
    diskBlocks: fc.constantFrom(0, 64),
    maxBandwidthMbps: fc.constantFrom(0, 100, 400),
  });

  fuzz(
    'every page arrives, once',
    order,
    async ({
      order: told,
      rule,
      strategy,
      afterMs,
      channels,
      dirtyPagesPerMs,
      diskBlocks,
      maxBandwidthMbps,
    }) => {
      const { migration, outcome } = await ordered(strategy, told, {
        afterMs,
        dirtyPagesPerMs,
        transfer: { channels },
        ...(diskBlocks === 0 ? {} : { diskBlocks, diskWritesPerMs: 1 }),
        limits: {
          ...{ convergence: rule, maxBandwidthMbps, hybridRounds: 20, downtimeLimitMs: 20 },
          ...{ maxRounds: 10_000, deadlineMs: 60_000 },
        },
      });
      const isKnown = ['taken', 'ILLEGAL_PHASE', 'never given'].includes(outcome);
      if (migration.source.error?.code === 'NOT_CONVERGED') return migration.guestAt === 'source';
      expect(migration).toMatchObject(movedWhole);
      return isKnown;
    },
    { share: 0.05 },
  );
});

describe('a strategy that knows nothing of it', () => {
  /** Sends a page again and again, and takes no failure for an answer. */
  const stubborn: TransferStrategy = {
    name: 'stubborn',
    migrate: async (session, signal) => {
      const pages = session.memory.sync();
      for (;;) {
        signal.throwIfAborted();
        try {
          await session.pages.sendBatch(pages, 0);
          if (pages.count === 0) pages.addAll(session.memory.sync());
          await session.pages.barrier();
        } catch {
          await session.clock.sleep(5, signal);
        }
      }
    },
  };

  test('is ended all the same', async () => {
    const { migration, outcome } = await ordered(stubborn, 'force', { limits: {} });
    expect(outcome).toBe('taken');
    expect(migration).toMatchObject(movedWhole);
  });
});

describe('is refused', () => {
  test('a second time, and once the guest has stopped', async () => {
    const outcomes: string[] = [];
    const migration = await triedNamed(
      'hybrid',
      { limits },
      {
        watch: (event, { outgoing, clock }) => {
          if (event.type !== 'status' || !['active', 'device', 'postcopy-active'].includes(event.status))
            return;
          for (const afterMs of event.status === 'active' ? [30, 31] : [0])
            clock.timer(afterMs, () => {
              try {
                outgoing.control.orderSwitchover('postcopy');
                outcomes.push('taken');
              } catch (error) {
                outcomes.push(codeOf(error));
              }
            });
        },
      },
    );
    expect(migration).toMatchObject(movedWhole);
    expect(outcomes).toEqual(['taken', 'ILLEGAL_PHASE', 'ILLEGAL_PHASE', 'ILLEGAL_PHASE']);
  });

  test.each<[SwitchoverOrder, Record<string, boolean>]>([
    ['force', { 'stop-and-copy': false, 'pre-copy': true, 'post-copy': false, hybrid: true }],
    ['postcopy', { 'stop-and-copy': false, 'pre-copy': false, 'post-copy': false, hybrid: true }],
  ])('%s, of strategies that can not', (order, expected) => {
    const can = (strategy: string, capabilities = {}): boolean =>
      switchoverRefusal(order, strategy, traitsOf(strategy), settingsOf(capabilities)) === undefined;
    expect(Object.fromEntries(strategyNames.map((name) => [name, can(name)]))).toEqual(expected);
    // A file's traits are what it states.
    expect(switchoverRefusal(order, 'mine.ts', {}, settingsOf({}))).toBeUndefined();
    expect(can('pre-copy', { 'postcopy-ram': true })).toBe(true);
  });
});
