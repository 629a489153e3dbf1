/** A train of probes by which a calibration counts what comes by chance: loss, its bursts, duplicates, overtaking. Pure. */
import { probeRecord } from '#hosts/probe-record';
import { impairmentSettingsOf } from '#hosts/wan/delay-line';
import type { Impairments } from '#hosts/wan/impairments';
import { impairmentsOf } from '#hosts/wan/impairments';
import type { RttProbeResult } from '#proto/control';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { lossAgainOf, lossShareOf } from '#proto/link';
import { seededRandom } from '#proto/seeded-random';
import type { RttPlan } from './probe-plan.ts';
import { patienceMsOf } from './probe-plan.ts';
import { overtakingShareOf } from './round-trips.ts';

/** What is counted, and how a reason names it. */
const counted = {
  lost: 'probes were lost',
  lossBursts: 'bursts of loss were seen in them',
  duplicates: 'probes came twice',
  overtakes: 'probes overtook the one before them',
} as const satisfies Partial<Record<keyof RttProbeResult, string>>;

type Counted = keyof typeof counted;
const countedNames = Object.keys(counted) as Counted[];

interface Count {
  measured: number;
  /** On average, over such a link. */
  expected: number;
  /** That chance may make it differ by. */
  tolerance: number;
}

/** What became of a train. */
export type PacketTrain = { sent: number } & Record<Counted, Count>;

/** So many of the rarest events are to be seen … */
const wantedEvents = 60;
const leastProbes = 300;
/** … unless that took longer than this. */
const mostMs = 4_000;
/** The probes' share of a slow link. */
const shareOfLink = 0.05;
const probeBits = 8 * (14 + 20 + 8 + 8);
/** Next to each other, as bursts are of neighbours; far enough apart for a stalled machine's sockets. */
const usualIntervalMs = 2;

/** Events per packet of a direction, each kind that there is. */
const ratesOf = (direction: LinkDirection): number[] =>
  [
    lossShareOf(direction) * (1 - lossAgainOf(direction)),
    (direction.duplicatePercent ?? 0) / 100,
    overtakingShareOf(direction),
  ].filter((rate) => rate > 0);

/** Null where nothing happens to packets but that their delay varies. */
export const trainPlanOf = (profile: LinkProfile): RttPlan | null => {
  const directions = [profile.sourceToDestination, profile.destinationToSource];
  const rates = directions.flatMap(ratesOf);
  if (rates.length === 0) return null;
  const slowestMbps = Math.min(...directions.map(({ rateMbps }) => rateMbps));
  const intervalMs = Math.max(usualIntervalMs, Math.ceil(probeBits / (slowestMbps * 1000 * shareOfLink)));
  const most = Math.floor(mostMs / intervalMs);
  const wanted = Math.max(leastProbes, Math.ceil(wantedEvents / Math.min(...rates)));
  return { count: Math.min(wanted, most), intervalMs, patienceMs: patienceMsOf(profile) };
};

interface Passing {
  nth: number;
  atMs: number;
}

/** Packets, in the order of their coming, as a direction lets them go. */
const pass = (
  packets: readonly Passing[],
  { delayMs }: LinkDirection,
  draws: Impairments | null,
): Passing[] => {
  let lastMs = -Infinity;
  const held = (atMs: number): number => {
    lastMs = Math.max(lastMs, atMs + Math.max(0, delayMs + (draws?.jitterMs() ?? 0)));
    return lastMs;
  };
  const gone = packets.flatMap(({ nth, atMs }): Passing[] => {
    if (draws === null) return [{ nth, atMs: held(atMs) }];
    const isDuplicated = draws.isDuplicated();
    const isLost = draws.isLost();
    if (isLost && !isDuplicated) return [];
    const one = { nth, atMs: draws.overtakes() ? atMs : held(atMs) };
    if (!isDuplicated || isLost || draws.isLost()) return [one];
    return [one, { nth, atMs: draws.overtakes() ? atMs : held(atMs) }];
  });
  return gone.sort((one, other) => one.atMs - other.atMs);
};

/** Trains that are reckoned for what a train's counts are on average, and how far they differ from that. */
const trains = 64;
/** Standard deviations: one sound link in 15,000 is further off. */
const sureDeviations = 4;

/**
 * What the counts of a train are over such a link. They depend on each other and on the order of packets, so that they are
 * found by sending trains through the model of the link, by the same draws each time.
 */
export const expectedOf = (
  profile: LinkProfile,
  { count, intervalMs }: RttPlan,
): Record<Counted, Omit<Count, 'measured'>> => {
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const random = seededRandom(1);
  const sent = Array.from({ length: count }, (_, nth) => ({ nth, atMs: nth * intervalMs }));
  const seen = Array.from({ length: trains }, () => {
    const [there, here] = [out, back].map((way) => impairmentsOf(impairmentSettingsOf(way), random));
    const record = probeRecord(count);
    for (const { nth, atMs } of pass(pass(sent, out, there ?? null), back, here ?? null))
      record.answered(nth, atMs - nth * intervalMs);
    return record.result(count);
  });
  const of = (name: Counted): Omit<Count, 'measured'> => {
    const counts = seen.map((result) => result?.[name] ?? count);
    const expected = counts.reduce((sum, value) => sum + value, 0) / trains;
    const variance = counts.reduce((sum, value) => sum + (value - expected) ** 2, 0) / (trains - 1);
    return { expected, tolerance: 1 + sureDeviations * Math.sqrt(variance) };
  };
  return Object.fromEntries(countedNames.map((name) => [name, of(name)])) as Record<
    Counted,
    Omit<Count, 'measured'>
  >;
};

/** A train that was sent by this plan, against what it was to be. */
export const judgedTrain = (profile: LinkProfile, plan: RttPlan, result: RttProbeResult): PacketTrain => {
  const expected = expectedOf(profile, plan);
  return {
    sent: result.samples + result.lost,
    ...(Object.fromEntries(
      countedNames.map((name) => [name, { measured: result[name], ...expected[name] }]),
    ) as Record<Counted, Count>),
  };
};

/** Why a train isn't what it was to be; empty when it is. */
export const trainReasons = (train: PacketTrain): string[] =>
  countedNames.flatMap((name) => {
    const { measured, expected, tolerance } = train[name];
    return Math.abs(measured - expected) <= tolerance
      ? []
      : [
          `${measured} of ${train.sent} ${counted[name]}, expected ${expected.toFixed(1)} ± ${tolerance.toFixed(1)}`,
        ];
  });
