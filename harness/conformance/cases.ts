import type { TransferStrategy } from '#hosts/ports';
import { seedMax } from '#proto/guest';
import type { MigrationStatus } from '#proto/strategy';
import { defaultLimits } from '#catalogue/limits';
import type { Attempt, AttemptOptions, Observed } from './attempt.ts';
import { observed } from './attempt.ts';
import type { Breach } from './breaches.ts';
import { breachesOf } from './breaches.ts';
import { gigabitTrial } from './trial.ts';
import type { Trial } from './trial.ts';

/** Something that every strategy must do. */
export interface ConformanceCase {
  /** By which it is tried alone. */
  id: string;
  name: string;
  /** Cases that have to hold before: otherwise this one would only show the same again. */
  needs: readonly string[];
  /** The attempt with this index, from what came of the one before it; null = that was all. */
  attempt: (index: number, before: Observed | null) => Attempt | null;
}

/** An attempt that shows what a strategy does wrong. */
export interface Failing {
  observed: Observed;
  /** At least one. */
  breaches: readonly Breach[];
}

export interface CaseOptions {
  /** Switches of the agent, as they change the trial. */
  switches?: Partial<Trial>;
  /** How many. */
  randomGuests?: number;
  /** Of the guests; the random ones have this seed and those after it. */
  seed?: number;
}

const defaultRandomGuests = 300;
export const defaultSeed = 1;
export const seedMost = seedMax - defaultRandomGuests;

const guests: readonly (readonly [id: string, name: string, change: Partial<Trial>])[] = [
  ['busy-guest', 'a busy guest', {}],
  ['idle-guest', 'an idle guest', { dirtyPagesPerMs: 0 }],
  ['one-page', 'a guest of one page', { pageCount: 1, regionPages: 1 }],
  ['odd-size', 'a guest whose size is no multiple of a bitmap word', { pageCount: 1001, regionPages: 1001 }],
  ['disk', 'a guest with a disk', { diskBlocks: 100, diskWritesPerMs: 0.5 }],
  [
    'busy-disk',
    'a guest that writes more to its disk than the link carries',
    { diskBlocks: 400, diskWritesPerMs: 10 },
  ],
  ['long-link', 'a guest over a long link', { rttMs: 52.5 }],
  ['no-delay', 'a guest over a link without delay', { rttMs: 0 }],
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

/** What happens to a connection once a migration has come to a status. */
const losses: readonly (readonly [id: string, name: string, at: MigrationStatus, afterMs: number])[] = [
  ['lost-at-resume', 'as the order to resume is out', 'device', 3],
  ['lost-in-postcopy', 'as pages are still missing', 'postcopy-active', 4],
  ['lost-in-recovery', 'while it recovers', 'postcopy-recover', 1],
];

const once =
  (attempt: Attempt): ConformanceCase['attempt'] =>
  (index) =>
    index === 0 ? attempt : null;

/** One attempt for every call that a strategy makes. */
const atEveryCall =
  (trial: Trial, kind: 'failing-call' | 'abort'): ConformanceCase['attempt'] =>
  (index, before) =>
    before === null || before.log.calls >= index ? { trial, disturbance: { kind, nth: index + 1 } } : null;

/**
 * What any strategy must do, whatever the guest, the link, the switches and the moment of a failure. All in virtual time,
 * by the migration that agents run.
 */
export const conformanceCases = ({
  switches = {},
  randomGuests = defaultRandomGuests,
  seed = defaultSeed,
}: CaseOptions = {}): ConformanceCase[] => {
  const base: Trial = {
    ...gigabitTrial,
    seed,
    ...switches,
    limits: { downtimeLimitMs: 20, ...switches.limits },
  };
  // So small that a hundred migrations of it take no time, and busy enough that each of its calls matters.
  const small: Trial = { ...base, pageCount: 256, regionPages: 64 };
  const { downtimeLimitMs = defaultLimits.downtimeLimitMs } = base.limits ?? {};
  const needs = ['busy-guest'];
  return [
    ...guests.map(([id, name, change]): ConformanceCase => ({
      id,
      name: `moves ${name} without losing a page`,
      needs: [],
      attempt: once({ trial: { ...base, ...change } }),
    })),
    {
      id: 'session',
      name: 'awaits every call of its session, and asks it only for what there is',
      needs: [],
      attempt: once({ trial: small, isStrict: true }),
    },
    {
      id: 'random-guests',
      name: 'moves hundreds of random guests over random links without losing a page',
      needs: [],
      attempt: (index) => (index < randomGuests ? { trial: randomTrial(base, seed + index) } : null),
    },
    {
      id: 'failing-calls',
      name: 'a failure at any call leaves the guest on one side only, and is passed on',
      needs,
      attempt: atEveryCall(small, 'failing-call'),
    },
    {
      id: 'aborted-calls',
      name: 'an abort at any call ends it there, with the guest at the source, until it is resumed at the destination',
      needs,
      attempt: atEveryCall(small, 'abort'),
    },
    ...losses.map(([id, name, at, afterMs]): ConformanceCase => ({
      id,
      name: `recovers where all connections are lost ${name}, or leaves the guest at the source`,
      needs,
      attempt: once({
        trial: { ...base, rttMs: 2 },
        disturbance: { kind: 'lost-connections', at, afterMs },
      }),
    })),
    {
      id: 'large-device-state',
      name: 'ends in bounded time with a device state that alone exceeds the downtime limit',
      needs,
      attempt: once({
        trial: { ...base, deviceStateBytes: 2 * (base.rateMbps / 8) * 1000 * downtimeLimitMs },
      }),
    },
    {
      id: 'never-converges',
      name: 'ends in bounded time on a guest that dirties pages faster than the link carries them',
      needs,
      attempt: once({
        trial: {
          ...base,
          dirtyPagesPerMs: 300,
          regionPages: 1024,
          limits: { ...base.limits, downtimeLimitMs: 1, maxRounds: 20, maxPrecopyMs: 2000 },
        },
        mayGiveUp: true,
      }),
    },
  ];
};

export const caseIds: readonly string[] = conformanceCases().map(({ id }) => id);

/** The first attempt of a case that a strategy fails; null = it holds. @param trying hears of each before it is made */
export const failureIn = async (
  { attempt }: ConformanceCase,
  strategy: TransferStrategy,
  options: AttemptOptions = {},
  trying: (attempt: Attempt) => void = () => undefined,
): Promise<Failing | null> => {
  let before: Observed | null = null;
  for (let index = 0; ; index++) {
    const next = attempt(index, before);
    if (next === null) return null;
    trying(next);
    before = await observed(strategy, next, options);
    const breaches = breachesOf(before);
    if (breaches.length > 0) return { observed: before, breaches };
  }
};
