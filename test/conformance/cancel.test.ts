import { describe, expect, test } from '@jest/globals';
import { codeOf } from '#proto/errors';
import type { MigrationStatus } from '#proto/strategy';
import { migrationStatuses } from '#proto/strategy';
import { strategyNames } from '#catalogue/strategies';
import type { Watch } from '../support/loopback-migration.ts';
import { startFragileProxy } from '../support/fragile-proxy.ts';
import { withLoopbackLab } from '../support/loopback-migration.ts';

/** Statuses in which there is nothing to cancel, or it is being cancelled already. */
const over: readonly MigrationStatus[] = ['none', 'completed', 'failed', 'cancelling', 'cancelled'];
/** The guest may run at the destination: there is nothing to go back to. */
const tooLate: readonly MigrationStatus[] = ['postcopy-active', 'postcopy-paused', 'postcopy-recover'];
/** Comes only when the connection is lost. */
const afterLoss: readonly MigrationStatus[] = ['postcopy-paused', 'postcopy-recover'];

/** Slow enough that nothing is over before it is cancelled. */
const limits = { maxBandwidthMbps: 200, maxPostcopyBandwidthMbps: 200, downtimeLimitMs: 20 };
const capabilities = { 'pause-before-switchover': 60 } as const;

const reaches = (strategy: string, status: MigrationStatus): boolean =>
  !tooLate.includes(status) || strategy === 'post-copy' || strategy === 'hybrid';

/** Continues from pre-switchover, and cancels at a status; reports the outcome of that. */
const cancellingAt = (status: MigrationStatus): { watch: Watch; outcome: () => string } => {
  let outcome = 'never came there';
  return {
    outcome: () => outcome,
    watch: (event, outgoing) => {
      if (event.type !== 'status') return;
      const act = (): void => {
        if (event.status === status)
          try {
            outgoing.control.cancel();
            outcome = 'cancelled';
          } catch (error) {
            outcome = codeOf(error);
          }
        else if (event.status === 'pre-switchover' && outgoing.control.status === event.status)
          outgoing.control.continue();
      };
      // Not in the same step that brought it there.
      setImmediate(act);
    },
  };
};

const cases = migrationStatuses
  .filter((status) => !over.includes(status))
  .flatMap((status) =>
    strategyNames
      .filter((strategy) => reaches(strategy, status))
      .map((strategy) => [status, strategy] as const),
  );

describe('cancel', () => {
  test.each(cases)('in %s, %s', async (status, strategy) => {
    await withLoopbackLab({}, async (lab) => {
      const { watch, outcome } = cancellingAt(status);
      const proxy = await startFragileProxy();
      let isLost = false;
      const losing: Watch = (event, outgoing, at) => {
        const isTime = event.type === 'status' && event.status === 'postcopy-active' && !isLost;
        if (afterLoss.includes(status) && isTime) {
          isLost = true;
          proxy.drop();
        }
        watch(event, outgoing, at);
      };
      const first = await lab.migrate({ strategy, limits, capabilities, via: proxy.towards }, losing);
      proxy.close();
      // In `device` the order to resume may be out already.
      if (tooLate.includes(status) || (status === 'device' && outcome() === 'ILLEGAL_PHASE')) {
        expect(outcome()).toBe('ILLEGAL_PHASE');
        expect(first.source).toMatchObject({ status: 'completed', error: null });
        expect(first.verified).toMatchObject({ mismatches: 0, staleReads: 0 });
        return;
      }
      expect(outcome()).toBe('cancelled');
      expect(first.source).toMatchObject({
        status: 'cancelled',
        error: { code: 'CANCELLED' },
        guestRunningAtEnd: true,
      });
      const again = await lab.migrate({ strategy });
      expect([again.source.error, again.destination.error]).toEqual([null, null]);
      expect(again.verified).toMatchObject({ mismatches: 0, staleReads: 0 });
    });
  });

  test.each(over.filter((status) => status !== 'none' && status !== 'failed' && status !== 'cancelled'))(
    'in %s is refused',
    async (status) => {
      await withLoopbackLab({}, async (lab) => {
        const { watch, outcome } = cancellingAt(status);
        const cancelFirst: Watch = (event, outgoing, at) => {
          if (status === 'cancelling' && event.type === 'status' && event.status === 'active')
            outgoing.control.cancel();
          watch(event, outgoing, at);
        };
        const report = await lab.migrate({ strategy: 'pre-copy' }, cancelFirst);
        expect(report.source.status).toBe(status === 'cancelling' ? 'cancelled' : 'completed');
        expect(outcome()).toBe('ILLEGAL_PHASE');
      });
    },
  );
});

describe('pause-before-switchover', () => {
  test('waits, with the guest stopped, until told to continue', async () => {
    await withLoopbackLab({}, async (lab) => {
      let waitedFromMs = NaN;
      let refusal = '';
      const { source, verified } = await lab.migrate(
        { strategy: 'pre-copy', capabilities },
        (event, outgoing) => {
          if (event.type !== 'status') return;
          if (event.status === 'active')
            try {
              outgoing.control.continue();
            } catch (error) {
              refusal = codeOf(error);
            }
          if (event.status !== 'pre-switchover') return;
          waitedFromMs = event.atMs;
          setTimeout(() => {
            outgoing.control.continue();
          }, 300);
        },
      );
      expect(refusal).toBe('ILLEGAL_PHASE');
      expect(source.error).toBeNull();
      expect(verified).toMatchObject({ mismatches: 0, staleReads: 0 });
      const { pagesSentAtMs, lastInstructionAtMs } = source.timeline;
      expect(pagesSentAtMs! - waitedFromMs).toBeGreaterThan(290);
      expect(lastInstructionAtMs! - waitedFromMs).toBeLessThan(100);
    });
  });
});

describe('pause-before-switchover that nobody ends', () => {
  test('times out: the guest runs on at the source, and the error says what was awaited', async () => {
    await withLoopbackLab({}, async (lab) => {
      const { source, destination } = await lab.migrate({
        strategy: 'pre-copy',
        capabilities: { 'pause-before-switchover': 1 },
      });
      expect(source).toMatchObject({ status: 'failed', guestRunningAtEnd: true, error: { code: 'TIMEOUT' } });
      expect(source.error?.message).toMatch(/expected `livemig continue` within 1 s .* at the source/);
      expect(destination.timeline.firstInstructionAtMs).toBeNull();
    });
  });
});

describe('limits that change during a migration', () => {
  test('the rate follows them', async () => {
    await withLoopbackLab({}, async (lab) => {
      const { events } = await lab.migrate(
        { strategy: 'hybrid', limits: { maxBandwidthMbps: 20, maxPostcopyBandwidthMbps: 40 } },
        (event, outgoing) => {
          if (event.type === 'status' && event.status === 'active')
            setTimeout(() => {
              outgoing.control.setParameters({ maxBandwidthMbps: 0 });
            }, 200);
        },
      );
      const [first] = events.filter((event) => event.type === 'round');
      // 4 MiB at 20 Mb/s would take 1.7 s.
      expect(first!.durationMs).toBeLessThan(800);
      expect(first!.durationMs).toBeGreaterThan(190);
    });
  });

  test('avail-switchover-bandwidth is trusted: a guest that fits by it is stopped', async () => {
    await withLoopbackLab({ dirtyRatePagesPerSecond: 20_000 }, async (lab) => {
      const slow = { maxBandwidthMbps: 100, downtimeLimitMs: 20, maxPrecopyMs: 3000, maxRounds: 1000 };
      const believed = { ...slow, availSwitchoverBandwidthMbps: 10_000 };
      const { source } = await lab.migrate({ strategy: 'pre-copy', limits: believed });
      expect(source.error).toBeNull();
    });
    await withLoopbackLab({ dirtyRatePagesPerSecond: 20_000 }, async (lab) => {
      const slow = { maxBandwidthMbps: 100, downtimeLimitMs: 20, maxPrecopyMs: 3000, maxRounds: 1000 };
      const { source } = await lab.migrate({ strategy: 'pre-copy', limits: slow });
      expect(source.error?.code).toBe('NOT_CONVERGED');
    });
  });
});
