import { ok } from 'node:assert/strict';
import type { TransferStrategy } from '#hosts/ports';
import type { MigrationStatus } from '#proto/strategy';
import { defaultLimits } from '#catalogue/limits';
import type { SimulatedMigration } from '#harness/simulation/simulate';
import { gigabitTrial, tried } from './trial.ts';
import type { Trial, TrialOptions } from './trial.ts';

/** Something that every strategy must do. */
export interface ConformanceCase {
  name: string;
  /** @throws AssertionError where it doesn't, or what ended the simulation */
  check: (strategy: TransferStrategy) => Promise<void>;
}

const whole = {
  error: null as string | null,
  guestAt: 'destination',
  mismatches: 0,
  staleReads: 0,
  sentTwiceInPostcopy: 0,
};

/** What a difference from `whole` comes of, as a rule. */
const hints: Readonly<Record<keyof typeof whole, string>> = {
  error: 'the migration failed',
  guestAt: 'the guest was not resumed at the destination',
  mismatches:
    'pages never came, or were dirtied after they were sent: what the last `memory.sync()`, once the guest is paused, returns must be sent, too',
  staleReads:
    'the guest read copies at the destination that it had changed at the source since: send them again, or `destination.discard` them, before it is resumed',
  sentTwiceInPostcopy: 'post-copy sent pages that the destination had, and did not discard',
};

const foundIn = ({ source, destination, guestAt, verified }: SimulatedMigration): typeof whole => ({
  error: source.error?.message ?? destination.error?.message ?? null,
  guestAt,
  mismatches: verified.mismatches + (verified.disk?.mismatches ?? 0),
  staleReads: verified.staleReads + (verified.disk?.staleReads ?? 0),
  sentTwiceInPostcopy: destination.duplicateArrivals,
});

const expectWhole = (migration: SimulatedMigration, of: Trial): void => {
  const found = foundIn(migration);
  // What fails has no end: the rest follows from that.
  const keys: (keyof typeof whole)[] =
    found.error === null ? ['guestAt', 'mismatches', 'staleReads', 'sentTwiceInPostcopy'] : ['error'];
  const wrong = keys
    .filter((key) => found[key] !== whole[key])
    .map((key) => `${key === 'error' ? '' : `${key} `}${found[key]}: ${hints[key]}`);
  ok(wrong.length === 0, `${wrong.join('; ')} (in ${JSON.stringify(of)})`);
};

/** A migration that failed leaves the guest on one side at most: at the source until the order to resume is out. */
const expectOneGuest = ({ source, guestAt }: SimulatedMigration, isOrdered: boolean, what: string): void => {
  const isRight = isOrdered ? guestAt === 'destination' || guestAt === 'nowhere' : guestAt === 'source';
  ok(isRight, `${what}: the guest is at ${guestAt}, the migration ${source.status}`);
};

const moved = async (
  strategy: TransferStrategy,
  trial: Trial,
  options?: TrialOptions,
): Promise<SimulatedMigration> => {
  const migration = await tried(strategy, trial, options);
  expectWhole(migration, trial);
  return migration;
};

const guests: readonly (readonly [name: string, change: Partial<Trial>])[] = [
  ['a busy guest', {}],
  ['an idle guest', { dirtyPagesPerMs: 0 }],
  ['a guest of one page', { pageCount: 1, regionPages: 1 }],
  ['a guest whose size is no multiple of a bitmap word', { pageCount: 1001, regionPages: 1001 }],
  ['a guest with a disk', { diskBlocks: 100, diskWritesPerMs: 0.5 }],
  ['a guest that writes more to its disk than the link carries', { diskBlocks: 400, diskWritesPerMs: 10 }],
  ['a long link', { rttMs: 52.5 }],
  ['a link without delay', { rttMs: 0 }],
];

const randomTrial = (base: Trial, seed: number): Trial => {
  const pageCount = 1 + ((seed * 7919) % 2000);
  return {
    ...base,
    pageCount,
    regionPages: 1 + ((seed * 104_729) % pageCount),
    rateMbps: 400 + ((seed * 31) % 7) * 800,
    rttMs: (seed % 11) * 5,
    dirtyPagesPerMs: seed % 9,
    seed,
    vcpus: 1 + (seed % 2),
    ...(seed % 4 === 0 ? { diskBlocks: 1 + (seed % 90), diskWritesPerMs: seed % 3 } : {}),
    limits: { ...base.limits, downtimeLimitMs: 60 + (seed % 100), hybridRounds: seed % 3 },
  };
};

/** So small that a hundred migrations of it take no time, and busy enough that each of its calls matters. */
const smallOf = (base: Trial): Trial => ({ ...base, pageCount: 256, regionPages: 64 });

/** How many calls of its session a strategy makes, and which of them came after the order to resume. */
const callsOf = async (strategy: TransferStrategy, trial: Trial): Promise<number> => {
  let calls = 0;
  await moved(strategy, trial, { atCall: (nth) => (calls = nth) });
  ok(calls > 4, `expected more than 4 calls, got ${calls}`);
  return calls;
};

/** What happens to a connection once a migration has come to a status. */
const disturbances: readonly (readonly [name: string, at: MigrationStatus, afterMs: number])[] = [
  ['as the order to resume is out', 'device', 3],
  ['as pages are still missing', 'postcopy-active', 4],
  ['while it recovers', 'postcopy-recover', 1],
];

/**
 * What any strategy must do, whatever the guest, the link, the switches and the moment of a failure. All in virtual time,
 * by the migration that agents run.
 * @param switches of the agent, as they change the trial.
 * @param randomGuests how many.
 */
export const conformanceCases = (switches: Partial<Trial> = {}, randomGuests = 300): ConformanceCase[] => {
  const base: Trial = {
    ...gigabitTrial,
    ...switches,
    limits: { downtimeLimitMs: 20, ...switches.limits },
  };
  return [
    ...guests.map(([name, change]) => ({
      name: `moves ${name} without losing a page`,
      check: async (strategy: TransferStrategy) => {
        await moved(strategy, { ...base, ...change });
      },
    })),
    {
      name: 'moves hundreds of random guests over random links without losing a page',
      check: async (strategy) => {
        for (let seed = 1; seed <= randomGuests; seed++) await moved(strategy, randomTrial(base, seed));
      },
    },
    {
      name: 'a failure at any call leaves the guest on one side only, and is passed on',
      check: async (strategy) => {
        const small = smallOf(base);
        const calls = await callsOf(strategy, small);
        for (let failCall = 1; failCall <= calls; failCall++) {
          let isOrdered = false;
          const migration = await tried(strategy, small, {
            atCall: (nth) => {
              if (nth === failCall) throw new Error(`call ${nth} fails`);
            },
            watch: (_, { outgoing }) => {
              isOrdered ||= outgoing.control.mayRunAtDestination;
            },
          });
          const { error } = migration.source;
          ok(
            error?.message === `call ${failCall} fails`,
            `call ${failCall} failed, and ${error?.message ?? 'nothing'} was passed on`,
          );
          expectOneGuest(migration, isOrdered, `call ${failCall} failed`);
        }
      },
    },
    {
      name: 'an abort at any call ends it there, with the guest at the source, until it is resumed at the destination',
      check: async (strategy) => {
        const small = smallOf(base);
        const calls = await callsOf(strategy, small);
        for (let abortCall = 1; abortCall <= calls; abortCall++) {
          const stop = new AbortController();
          let isOrdered = false;
          const migration = await tried(strategy, small, {
            stopSignal: stop.signal,
            atCall: (nth) => {
              if (nth === abortCall) stop.abort();
              ok(nth <= abortCall + 1, `it went on to call ${nth} when it was aborted at call ${abortCall}`);
            },
            watch: (_, { outgoing }) => {
              isOrdered ||= outgoing.control.mayRunAtDestination;
            },
          });
          ok(migration.source.error?.code === 'CANCELLED', `aborted at call ${abortCall}, it went on`);
          expectOneGuest(migration, isOrdered, `aborted at call ${abortCall}`);
        }
      },
    },
    ...disturbances.map(([name, at, afterMs]) => ({
      name: `recovers where all connections are lost ${name}, or leaves the guest at the source`,
      check: async (strategy: TransferStrategy) => {
        const trial = { ...base, rttMs: 2 };
        // Lost as often as it takes to hit it while it recovers.
        let lossesLeft = at === 'postcopy-recover' ? 2 : 1;
        const migration = await tried(strategy, trial, {
          watch: (event, { clock, wire }) => {
            if (event.type !== 'status' || lossesLeft === 0) return;
            const isFirst = lossesLeft === 2 && event.status === 'device';
            if (event.status !== at && !isFirst) return;
            lossesLeft--;
            clock.timer(isFirst ? 3 : afterMs, () => {
              wire.drop();
            });
          },
        });
        if (migration.source.error === null) expectWhole(migration, trial);
        else expectOneGuest(migration, false, migration.source.error.message);
      },
    })),
    {
      name: 'ends in bounded time with a device state that alone exceeds the downtime limit',
      check: async (strategy) => {
        const { downtimeLimitMs = defaultLimits.downtimeLimitMs } = base.limits ?? {};
        const deviceStateBytes = 2 * (base.rateMbps / 8) * 1000 * downtimeLimitMs;
        const { durationMs } = await moved(strategy, { ...base, deviceStateBytes });
        ok(durationMs < 60_000, `it took ${durationMs} ms of virtual time`);
      },
    },
    {
      name: 'ends in bounded time on a guest that dirties pages faster than the link carries them',
      check: async (strategy) => {
        const trial = {
          ...base,
          dirtyPagesPerMs: 300,
          regionPages: 1024,
          limits: { ...base.limits, downtimeLimitMs: 1, maxRounds: 20, maxPrecopyMs: 2000 },
        };
        const migration = await tried(strategy, trial);
        const { durationMs, source, guestAt } = migration;
        ok(durationMs < 60_000, `it took ${durationMs} ms of virtual time`);
        if (source.error === null) expectWhole(migration, trial);
        else
          ok(
            source.error.code === 'NOT_CONVERGED' && guestAt === 'source',
            `expected it to move the guest, or NOT_CONVERGED with the guest at the source, got ${source.error.code} with the guest at ${guestAt}`,
          );
      },
    },
  ];
};
