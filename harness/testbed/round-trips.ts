/** What round trips over a link are like by its profile, so that probes of them can be judged. Pure. */
import {
  defaultJitterDistribution,
  deviatesOf,
  jitterReachMs,
  tableEntries,
} from '#catalogue/jitter-distributions';
import { impairmentSettingsOf } from '#hosts/wan/delay-line';
import { impairmentsOf } from '#hosts/wan/impairments';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { rttMsOf } from '#proto/link';
import { seededRandom } from '#proto/seeded-random';

interface Weighted {
  ms: number;
  /** Of 1. */
  share: number;
}

/** Of either direction, where both vary: their sums are as many squared. */
const fewPoints = 128;
const drawsOfCorrelated = 20_000;

/** The part of packets that don't wait out a direction's delay. */
export const overtakingShareOf = (direction: LinkDirection): number => {
  const { reorder, reorderCorrelation, reorderGap } = impairmentSettingsOf(direction);
  if (reorder === 0) return 0;
  if (reorderCorrelation === 0) return 1 / (reorderGap - 1 + 1 / reorder);
  // Correlated draws have no simple distribution.
  const draws = impairmentsOf(impairmentSettingsOf(direction), seededRandom(1));
  let overtook = 0;
  for (let nth = 0; nth < drawsOfCorrelated; nth += 1) if (draws?.overtakes() === true) overtook += 1;
  return overtook / drawsOfCorrelated;
};

/** How long a direction holds packets that don't get into each other's way: none for less than no time. */
const heldOf = (direction: LinkDirection, points: number): Weighted[] => {
  const { delayMs, jitterMs, jitterDistribution = defaultJitterDistribution } = direction;
  const overtaking = overtakingShareOf(direction);
  const count = jitterMs === 0 ? 1 : points;
  const deviates = deviatesOf(jitterDistribution);
  const waiting = Array.from({ length: count }, (_, point) => ({
    ms: Math.max(0, delayMs + jitterMs * deviates[Math.floor(((point + 0.5) * tableEntries) / count)]!),
    share: (1 - overtaking) / count,
  }));
  return overtaking === 0 ? waiting : [{ ms: 0, share: overtaking }, ...waiting];
};

/** Whether round trips over an idle link differ from each other. */
export const isSpread = ({ sourceToDestination, destinationToSource }: LinkProfile): boolean =>
  [sourceToDestination, destinationToSource].some(
    ({ jitterMs, reorderPercent = 0 }) => jitterMs > 0 || reorderPercent > 0,
  );

/** Ascending, with the share of round trips that take no longer. */
const sumsOf = ({ sourceToDestination: out, destinationToSource: back }: LinkProfile): Weighted[] => {
  const points = out.jitterMs > 0 && back.jitterMs > 0 ? fewPoints : tableEntries;
  const returning = heldOf(back, points);
  const sums = heldOf(out, points)
    .flatMap(({ ms, share }) => returning.map((other) => ({ ms: ms + other.ms, share: share * other.share })))
    .sort((one, other) => one.ms - other.ms);
  let upTo = 0;
  for (const sum of sums) sum.share = upTo += sum.share;
  return sums;
};

/** Who asks about a link asks more than once, and of few links at a time. */
const known = new Map<string, Weighted[]>();
const knownMost = 8;

const knownSumsOf = (profile: LinkProfile): Weighted[] => {
  const key = JSON.stringify([profile.sourceToDestination, profile.destinationToSource]);
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= knownMost) known.clear();
  const sums = sumsOf(profile);
  known.set(key, sums);
  return sums;
};

/** What a share of the round trips doesn't exceed, in ms. */
export const quantileMs = (profile: LinkProfile, share: number): number => {
  if (!isSpread(profile)) return rttMsOf(profile);
  const sums = knownSumsOf(profile);
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]!.share < share) low = middle + 1;
    else high = middle;
  }
  return sums[low]!.ms;
};

/**
 * The median of round trips that don't get into each other's way, in ms. Without jitter, and with little of a symmetric
 * one against the delay, that is the round-trip time.
 */
export const medianRttMsOf = (profile: LinkProfile): number => quantileMs(profile, 0.5);

/** The longest round trip over an idle link, in ms. */
export const longestRttMsOf = (profile: LinkProfile): number =>
  rttMsOf(profile) + jitterReachMs(profile.sourceToDestination) + jitterReachMs(profile.destinationToSource);

/** One sound measurement in a thousand lies further off. */
const sureDeviations = 3.3;

/**
 * Between what the quantile of so many probes' round trips lies, in ms: whatever their distribution, how many of them are
 * below a value is binomial, so that the quantile's share is off by as much as a count of n is.
 */
export const bandMs = (
  profile: LinkProfile,
  share: number,
  probes: number,
): [least: number, most: number] => {
  const error = sureDeviations * Math.sqrt((share * (1 - share)) / probes) + 1 / probes;
  return [quantileMs(profile, share - error), quantileMs(profile, share + error)];
};

const bisections = 24;

/** How many probes bring what chance does to their median down to `ms`. */
export const probesFor = (profile: LinkProfile, ms: number): number => {
  const medianMs = medianRttMsOf(profile);
  let [low, high] = [0, 0.5];
  for (let step = 0; step < bisections; step += 1) {
    const error = (low + high) / 2;
    const below = medianMs - quantileMs(profile, 0.5 - error);
    const above = quantileMs(profile, 0.5 + error) - medianMs;
    if (Math.max(below, above) <= ms) low = error;
    else high = error;
  }
  return Math.ceil((sureDeviations / 2 / low) ** 2);
};

/** Of probes that are to be apart, one in a thousand isn't. */
const apart = 0.999;

const inOrder = (direction: LinkDirection): LinkDirection => ({ ...direction, reorderPercent: 0 });

/**
 * How far apart probes have to be sent for one not to wait for the one before it, in ms. What overtakes holds nobody up.
 */
export const apartMsOf = (profile: LinkProfile): number => {
  const { sourceToDestination, destinationToSource } = profile;
  const orderly = {
    ...profile,
    sourceToDestination: inOrder(sourceToDestination),
    destinationToSource: inOrder(destinationToSource),
  };
  if (!isSpread(orderly)) return 0;
  const some = Array.from({ length: fewPoints }, (_, point) =>
    quantileMs(orderly, (point + 0.5) / fewPoints),
  );
  const differences = Float64Array.from(some.flatMap((one) => some.map((other) => one - other))).sort();
  return differences[Math.floor(apart * (differences.length - 1))]!;
};
