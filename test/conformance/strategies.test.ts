import { describe, expect, test } from '@jest/globals';
import { strategies } from '#catalogue/strategies';
import preCopy from '#catalogue/strategies/pre-copy';
import { definedAs } from '#catalogue/room';
import type { TransferStrategy } from '#hosts/ports';
import { sendAll, switchToPostcopy } from '#catalogue/strategies/parts/switchover';
import { negativeControls } from '#catalogue/strategies/parts/negative-controls';
import { strategyConformance } from './strategy.ts';
import type { TriedMigration } from '#test/support/trials';
import { movedWhole, triedNamed, triedStrategy } from '#test/support/trials';

for (const strategy of strategies.values()) strategyConformance(strategy);

describe('the simulation catches a broken strategy', () => {
  test('broken-sends-stale', async () => {
    const { verified, source } = await triedStrategy(definedAs(negativeControls, 'broken-sends-stale'));
    expect(source.error).toBeNull();
    expect(verified.mismatches + verified.staleReads).toBeGreaterThan(0);
  });

  test('broken-drops-page is refused by the destination', async () => {
    const { source, guestAt } = await triedStrategy(definedAs(negativeControls, 'broken-drops-page'));
    expect(source.error).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    expect(guestAt).toBe('nowhere');
  });

  test('broken-resumes-early is refused by the legal order', async () => {
    const { source, guestAt } = await triedStrategy(definedAs(negativeControls, 'broken-resumes-early'));
    expect(source.error).toMatchObject({ code: 'ILLEGAL_PHASE' });
    expect(guestAt).toBe('source');
  });
});

describe('a stale copy at the destination that was not discarded, simulated', () => {
  const careless: TransferStrategy = {
    name: 'careless',
    migrate: async (session, signal) => {
      await sendAll(session, session.memory.sync(), signal);
      await session.pages.barrier();
      await switchToPostcopy(session, session.memory.sync(), null, signal);
    },
  };

  test('is read by the guest, and pushing the page again does not mend that', async () => {
    const { verified, destination } = await triedStrategy(careless);
    expect(verified.staleReads).toBeGreaterThan(0);
    expect(verified.mismatches).toBeGreaterThan(0);
    expect(destination.duplicateArrivals).toBeGreaterThan(0);
  });

  test('does no harm with an idle guest: there is nothing to discard', async () => {
    expect(await triedStrategy(careless, { dirtyPagesPerMs: 0 })).toMatchObject(movedWhole);
  });
});

describe('how the strategies differ', () => {
  const run = triedNamed;
  /** What 1 Gb/s carries of pages in a ms. */
  const bytesPerMs = 118_000;

  test('stop-and-copy is down for the whole transfer and sends each page once', async () => {
    const { sentPages, downtimeMs } = await run('stop-and-copy');
    expect(sentPages).toBe(1024);
    expect(downtimeMs).toBeGreaterThan((1024 * 4096) / 125_000);
  });

  test("pre-copy under QEMU's rule keeps the downtime near its limit and sends pages again", async () => {
    const { sentPages, downtimeMs } = await run('pre-copy', {
      limits: { downtimeLimitMs: 8 },
      pageCount: 8192,
    });
    expect(downtimeMs).toBeLessThan(8 + 2 * 5.5);
    expect(sentPages).toBeGreaterThan(8192);
  });

  describe('the device state counts towards the downtime limit', () => {
    const limitMs = 40;
    /** The limit, and what is in flight: a bulk window is two bandwidth-delay products and more, and drains in order. */
    const nearLimitMs = limitMs + 4 * 5.5 + 15;
    const slow = { pageCount: 8192, regionPages: 4096, dirtyPagesPerMs: 20 };
    const busy = { ...slow, limits: { downtimeLimitMs: limitMs } };

    test.each([0, 2_000_000, 4_000_000, 4_500_000])('%i bytes', async (deviceStateBytes) => {
      const migration = await run('pre-copy', { ...busy, deviceStateBytes });
      expect(migration).toMatchObject(movedWhole);
      expect(migration.downtimeMs).toBeLessThan(nearLimitMs);
    });

    test('a strategy that does not know of it exceeds the limit', async () => {
      const untold: TransferStrategy = {
        name: 'untold',
        migrate: (session, signal) =>
          preCopy.migrate({ ...session, guest: { ...session.guest, deviceStateBytes: 0 } }, signal),
      };
      const { downtimeMs } = await triedStrategy(untold, { ...busy, deviceStateBytes: 8_000_000 });
      expect(downtimeMs).toBeGreaterThan(nearLimitMs);
    });

    test('when it exceeds the limit on its own, pre-copy ends once the pages fit', async () => {
      const deviceStateBytes = 20_000_000;
      const migration = await run('pre-copy', { ...busy, deviceStateBytes });
      expect(migration).toMatchObject(movedWhole);
      expect(migration.downtimeMs).toBeLessThan(deviceStateBytes / bytesPerMs + nearLimitMs);
    });

    test('when it leaves room for fewer pages than the guest dirties, pre-copy says so', async () => {
      const deviceStateBytes = 4_500_000;
      const limits = { ...busy.limits, maxPrecopyMs: 2000 };
      const { source } = await run('pre-copy', { ...busy, dirtyPagesPerMs: 60, deviceStateBytes, limits });
      expect(source.error).toMatchObject({
        code: 'NOT_CONVERGED',
        message: expect.stringContaining('KiB pending and 4395 KiB of device state never fitted'),
      });
    });
  });

  test("pre-copy under Xen's rule suspends after 3 × RAM, however fast the guest dirties it", async () => {
    const migration = await run('pre-copy', {
      limits: { convergence: 'xen' },
      dirtyPagesPerMs: 200,
      regionPages: 1024,
    });
    expect(migration).toMatchObject(movedWhole);
    expect(migration.rounds).toBeLessThanOrEqual(30);
    expect(migration.sentPages).toBeLessThan(5 * 1024);
  });

  test.each(['smart-stop', 'stall'] as const)(
    'pre-copy under the rule %s ends for a guest that fits no downtime limit, with no more left than the least it saw',
    async (convergence) => {
      const change = { dirtyPagesPerMs: 60, regionPages: 4096, pageCount: 8192 };
      const limits = { downtimeLimitMs: 1, maxPrecopyMs: 10_000, maxRounds: 10_000 };
      const migration = await run('pre-copy', {
        ...change,
        limits: { ...limits, convergence, stallWindowMs: 500 },
      });
      expect(migration).toMatchObject(movedWhole);
      const { source } = await run('pre-copy', { ...change, limits });
      expect(source.error).toMatchObject({ code: 'NOT_CONVERGED' });
    },
  );

  test('pre-copy reaches the pages behind a busy region, and stops once that region alone is left and fits', async () => {
    // 33 MB at the beginning that are dirty again at every sync, and 34 MB behind them: each fits the 35 MB of 300 ms,
    // both don't. What is zero travels whole, too.
    const change = { pageCount: 16_384, regionPages: 8000, footprintPages: 0, dirtyPagesPerMs: 500 };
    const capabilities = { 'zero-page-detection': undefined };
    const migration = await run('pre-copy', { ...change, capabilities, limits: { maxRounds: 20 } });
    expect(migration).toMatchObject(movedWhole);
  });

  test('post-copy sends each page once, and its downtime does not depend on the memory', async () => {
    const [small, large]: TriedMigration[] = [
      await run('post-copy'),
      await run('post-copy', { pageCount: 16_384 }),
    ];
    expect(small?.sentPages).toBe(1024);
    expect(large?.sentPages).toBe(16_384);
    expect(large?.downtimeMs).toBeCloseTo(small?.downtimeMs ?? Number.NaN, 1);
  });

  test('hybrid has fewer faults than post-copy', async () => {
    const change = { pageCount: 8192, regionPages: 4096, dirtyPagesPerMs: 2 };
    const [hybrid, postCopy] = [await run('hybrid', change), await run('post-copy', change)];
    expect(hybrid.faultCount).toBeLessThan(postCopy.faultCount);
  });
});
