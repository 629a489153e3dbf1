import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { gigabitTrial } from '#harness/conformance/trial';
import type { Trial } from '#harness/conformance/trial';
import { capabilityNames } from '#catalogue/capabilities';
import type { OutgoingMigration } from '#hosts/outgoing';
import type { MigrationInfo } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { GuestConfig } from '#proto/guest';
import { strategyNames } from '#catalogue/strategies';
import { faultModes } from '#catalogue/transfer';
import type { MigrationStatus } from '#proto/strategy';
import { pageSizeBytes } from '#proto/units';
import { allowedPairs, combine, combinedLimits, strategyFor } from '#test/support/capability-combinations';
import { movedWhole, triedNamed } from '#test/support/trials';
import type { TriedMigration } from '#test/support/trials';

/** Everything that a migration does: each message to the byte with its moment, and each event. */
const traceOf = async (
  strategy: string,
  change: Partial<Trial>,
): Promise<{ digest: string; events: AgentEvent[]; migration: TriedMigration }> => {
  const hash = createHash('sha256');
  const migration = await triedNamed(strategy, change, {
    tap: (atMs, stream, message) => {
      hash.update(`${atMs} ${stream} `).update(message);
    },
  });
  const { events, source, destination, turns } = migration;
  hash.update(JSON.stringify([events, source, destination, turns]));
  return { digest: hash.digest('hex'), events, migration };
};

describe('a seed', () => {
  const busy = { transfer: { channels: 2 }, capabilities: { zstd: 3 }, vcpus: 2, workload: { content: 'compressible' } } as const; // prettier-ignore

  test.each(strategyNames)('reproduces a migration to the byte: %s', async (strategy) => {
    const [first, again] = [await traceOf(strategy, busy), await traceOf(strategy, busy)];
    expect(first.migration).toMatchObject(movedWhole);
    expect(again.events).toEqual(first.events);
    expect(again.digest).toBe(first.digest);
    const other = await traceOf(strategy, { ...busy, seed: 2 });
    expect(other.migration).toMatchObject(movedWhole);
    expect(other.digest).not.toBe(first.digest);
  });
});

/** What makes each capability have something to do. */
const contentFor: Partial<Record<string, GuestConfig['workload']['content']>> = {
  'uniform-pages': 'uniform',
  zstd: 'compressible',
  dedup: 'duplicate',
};

describe('every capability', () => {
  const limits = { ...combinedLimits, downtimeLimitMs: 20 };

  test.each(capabilityNames)('%s', async (name) => {
    const { transfer, capabilities: asked } = combine([name]);
    // `auto` looks longer than this migration takes.
    const capabilities = name === 'zstd' ? { ...asked, zstd: 3 } : asked;
    const content = contentFor[name] ?? 'sparse';
    const strategy = strategyFor([name])!;
    const trial = { limits, transfer, capabilities, workload: { content }, vcpus: 2 };
    let continued = 0;
    const migration = await triedNamed(strategy, trial, {
      watch: (event, { outgoing, clock }) => {
        if (event.type !== 'status' || event.status !== 'pre-switchover') return;
        continued++;
        clock.timer(50, () => {
          outgoing.control.continue();
        });
      },
    });
    expect(migration).toMatchObject(movedWhole);
    expect(continued).toBe(name === 'pause-before-switchover' ? 1 : 0);
    if (continued === 1) expect(migration.downtimeMs).toBeGreaterThan(50);
    const encodes = ['uniform-pages', 'xbzrle', 'dedup', 'zstd'].includes(name);
    const encodedPages = Object.values(migration.source.encodedPages).reduce((sum, pages) => sum + pages, 0);
    if (encodes) expect(encodedPages).toBeGreaterThan(0);
    else expect(encodedPages).toBe(0);
  });

  test.each(allowedPairs)('with %s and %s', async (first, second) => {
    const { transfer, capabilities } = combine([first, second]);
    const content = contentFor[first] ?? contentFor[second] ?? 'sparse';
    const trial = { limits, transfer, capabilities, workload: { content }, vcpus: 2, pageCount: 512 };
    const migration = await triedNamed(strategyFor([first, second])!, trial, {
      watch: (event, { outgoing, clock }) => {
        if (event.type === 'status' && event.status === 'pre-switchover')
          clock.soon(() => {
            outgoing.control.continue();
          });
      },
    });
    expect(migration).toMatchObject(movedWhole);
  });
});

describe('discarded pages', () => {
  test('in hybrid are those sent twice', async () => {
    const { source, destination, sentPages } = await triedNamed('hybrid');
    const { discardedPages } = destination.received;
    expect(discardedPages).toBeGreaterThan(0);
    expect(sentPages).toBe(source.ram.total / pageSizeBytes + discardedPages);
  });

  test.each(['post-copy', 'pre-copy', 'stop-and-copy'])('do not occur in %s', async (strategy) => {
    expect((await triedNamed(strategy)).destination.received.discardedPages).toBe(0);
  });
});

const statusesOf = ({ events }: TriedMigration): MigrationStatus[] =>
  events.flatMap((event) => (event.type === 'status' ? [event.status] : []));

describe('connections that are lost', () => {
  /** So slow that much is still to be sent. */
  const limits = { maxBandwidthMbps: 200, maxPostcopyBandwidthMbps: 50, downtimeLimitMs: 50 };
  const modes = faultModes.flatMap((faults) => [1, 3].map((channels) => ({ faults, channels })));

  test.each((['post-copy', 'hybrid'] as const).flatMap((name) => modes.map((mode) => [name, mode] as const)))(
    'repeatedly in post-copy, %s, %p: nothing is lost',
    async (strategy, transfer) => {
      let losses = 0;
      const migration = await triedNamed(
        strategy,
        { limits, transfer, vcpus: 2 },
        {
          watch: (event, { clock, wire }) => {
            if (event.type !== 'status' || event.status !== 'postcopy-active' || losses === 3) return;
            losses++;
            clock.timer(20, () => {
              wire.drop();
            });
          },
        },
      );
      expect(migration).toMatchObject(movedWhole);
      expect(migration.source.recoveries).toHaveLength(3);
      expect(statusesOf(migration)).toEqual(expect.arrayContaining(['postcopy-paused', 'postcopy-recover']));
    },
  );

  test.each(strategyNames)('at any moment of the switchover, %s', async (strategy) => {
    const ends = new Set<string>();
    for (let delayMs = 0; delayMs < 30; delayMs += 1.1) {
      let isLost = false;
      const migration = await triedNamed(
        strategy,
        { limits, pageCount: 256, regionPages: 64 },
        {
          watch: (event, { clock, wire }) => {
            // After a recovery the status comes again.
            if (event.type !== 'status' || event.status !== 'device' || isLost) return;
            isLost = true;
            clock.timer(delayMs, () => {
              wire.drop();
            });
          },
        },
      );
      const { source, guestAt, verified } = migration;
      ends.add(guestAt);
      if (source.error === null) expect(migration).toMatchObject(movedWhole);
      else expect({ guestAt, ...verified }).toMatchObject({ guestAt: 'source', staleReads: 0 });
    }
    expect(ends.has('destination')).toBe(true);
  });

  test('a cut that ends within the keepalive only costs time', async () => {
    const cutMs = 4000;
    const migration = await triedNamed(
      'post-copy',
      { limits },
      {
        watch: (event, { clock, wire }) => {
          if (event.type === 'status' && event.status === 'postcopy-active')
            clock.timer(20, () => {
              wire.cut(cutMs);
            });
        },
      },
    );
    expect(migration).toMatchObject(movedWhole);
    expect(migration.source.recoveries).toEqual([]);
    expect(migration.durationMs).toBeGreaterThan(cutMs);
  });

  test('a cut that outlasts it is recovered from', async () => {
    let isCut = false;
    const migration = await triedNamed(
      'post-copy',
      { limits },
      {
        watch: (event, { clock, wire }) => {
          if (event.type !== 'status' || event.status !== 'postcopy-active' || isCut) return;
          isCut = true;
          clock.timer(20, () => {
            wire.cut(30_000);
          });
        },
      },
    );
    expect(migration).toMatchObject(movedWhole);
    expect(migration.source.recoveries.length).toBeGreaterThan(0);
  });
});

describe('cancel', () => {
  test.each(strategyNames)('before the switchover leaves the guest at the source, %s', async (strategy) => {
    const migration = await triedNamed(
      strategy,
      { limits: { maxBandwidthMbps: 100 } },
      {
        watch: (event, { outgoing, clock }) => {
          if (event.type === 'status' && event.status === 'active')
            clock.timer(1, () => {
              outgoing.control.cancel();
            });
        },
      },
    );
    expect(migration).toMatchObject({
      source: { status: 'cancelled', error: { code: 'CANCELLED' } },
      destination: { status: 'failed', error: { code: 'CANCELLED' } },
      guestAt: 'source',
    });
  });
});

describe('what it says of itself meanwhile', () => {
  test.each(strategyNames)('at every event, and in the end what its report says, %s', async (strategy) => {
    const seen: MigrationInfo[] = [];
    let outgoing: OutgoingMigration | null = null;
    const migration = await triedNamed(
      strategy,
      { limits: { maxBandwidthMbps: 100 } },
      {
        watch: (_, hands) => {
          ({ outgoing } = hands);
          seen.push(hands.outgoing.info);
        },
      },
    );
    expect(migration).toMatchObject(movedWhole);
    const totals = seen.map(({ totalTimeMs }) => totalTimeMs!);
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    const before = seen.filter(({ status }) => status === 'setup' || status === 'active');
    expect(before.length).toBeGreaterThan(0);
    expect(new Set(before.map(({ downtimeMs }) => downtimeMs))).toEqual(new Set([null]));
    const after = seen.filter(({ status }) => status !== 'setup' && status !== 'active');
    expect(new Set(after.map(({ expectedDowntimeMs }) => expectedDowntimeMs))).toEqual(new Set([null]));
    const { downtimeMs, ...end } = outgoing!.info;
    const { timeline, ram } = migration.source;
    expect(end).toMatchObject({
      ...{ status: 'completed', remainingBytes: 0, ram },
      ...{ totalTimeMs: timeline.endedAtMs - timeline.startedAtMs },
      ...{ setupTimeMs: timeline.activeAtMs! - timeline.startedAtMs },
    });
    // The word that the guest runs there takes half a round trip.
    expect(downtimeMs! - migration.downtimeMs).toBeGreaterThan(0);
    expect(downtimeMs! - migration.downtimeMs).toBeLessThan(2 * gigabitTrial.rttMs);
  });

  test('a guest that runs on at the source has no downtime', async () => {
    let outgoing: OutgoingMigration | null = null;
    const migration = await triedNamed(
      'stop-and-copy',
      { limits: { maxBandwidthMbps: 100 } },
      {
        watch: (event, hands) => {
          ({ outgoing } = hands);
          if (event.type === 'progress') hands.outgoing.control.cancel();
        },
      },
    );
    expect(migration).toMatchObject({ source: { status: 'cancelled' }, guestAt: 'source' });
    expect(outgoing!.info).toMatchObject({ status: 'cancelled', downtimeMs: null, expectedDowntimeMs: null });
  });
});

describe('auto-converge', () => {
  test('slows down a guest that would not converge', async () => {
    const trial = {
      pageCount: 2048,
      regionPages: 1800,
      dirtyPagesPerMs: 60,
      limits: { downtimeLimitMs: 20, maxPrecopyMs: 30_000, maxRounds: 1e6 },
    };
    const without = await triedNamed('pre-copy', trial);
    expect(without.source.error?.code).toBe('NOT_CONVERGED');
    const slowed = await triedNamed('pre-copy', { ...trial, capabilities: { 'auto-converge': true } });
    expect(slowed).toMatchObject(movedWhole);
    expect(slowed.source.capabilities['auto-converge']?.['cpuThrottlePercentage']).toBeGreaterThan(20);
  });
});
