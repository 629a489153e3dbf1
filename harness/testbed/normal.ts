/** The little of statistics that a jittered link is judged by. Pure. */
import type { LinkProfile } from '#proto/link';
import { rttMsOf } from '#proto/link';

/** Standard normal density. */
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** Steps of the integral, and halvings of where the median may be: finer than any figure that is shown. */
const stepsPerDeviation = 16;
const deviations = 6;

/** Standard normal deviates with their weights, which sum to one. */
const nodes: readonly { z: number; weight: number }[] = (() => {
  const all = Array.from({ length: 2 * deviations * stepsPerDeviation + 1 }, (_, step) => {
    const z = step / stepsPerDeviation - deviations;
    return { z, weight: density(z) };
  });
  const sum = all.reduce((total, { weight }) => total + weight, 0);
  return all.map(({ z, weight }) => ({ z, weight: weight / sum }));
})();

/** Standard normal distribution (Abramowitz and Stegun 26.2.17, off by 7.5e-8 at most). */
const distribution = (z: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    density(z) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z < 0 ? tail : 1 - tail;
};

interface Delay {
  delayMs: number;
  jitterMs: number;
}

/** The part of packets that a direction holds for no longer than `ms`: none is held for less than no time. */
const heldUpTo = (ms: number, { delayMs, jitterMs }: Delay): number => {
  if (ms < 0) return 0;
  return jitterMs === 0 ? (delayMs <= ms ? 1 : 0) : distribution((ms - delayMs) / jitterMs);
};

const bisections = 36;

/**
 * The median of round trips that don't get into each other's way, in ms: where both directions hold each packet for a
 * normally distributed time, but none for less than no time. Without jitter, and with little against the delay, that is
 * the round-trip time; where the jitter is as large as the delay, it is 4 % more.
 */
export const medianRttMsOf = (profile: LinkProfile): number => {
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const rttMs = rttMsOf(profile);
  const [wide, other] = out.jitterMs > 0 ? [out, back] : [back, out];
  if (wide.jitterMs === 0) return rttMs;
  const upTo = (ms: number): number =>
    nodes.reduce((sum, { z, weight }) => {
      const heldMs = Math.max(0, wide.delayMs + z * wide.jitterMs);
      return sum + weight * heldUpTo(ms - heldMs, other);
    }, 0);
  let [low, high] = [0, rttMs + deviations * (out.jitterMs + back.jitterMs)];
  for (let step = 0; step < bisections; step += 1) {
    const middle = (low + high) / 2;
    if (upTo(middle) < 0.5) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};

/** Standard deviation of a round trip, in ms. */
export const rttDeviationMsOf = ({
  sourceToDestination: out,
  destinationToSource: back,
}: LinkProfile): number => Math.hypot(out.jitterMs, back.jitterMs);

/** No packet is held back longer than that, in standard deviations. */
const longestDeviations = 6;
/** The longest round trip over an idle link, in ms. */
export const longestRttMsOf = (profile: LinkProfile): number =>
  rttMsOf(profile) + longestDeviations * rttDeviationMsOf(profile);

/** One sound measurement in a thousand lies further off. */
const sureDeviations = 3.3;
/** Standard error of a median of n normally distributed values, in standard deviations of theirs over √n. */
const medianError = Math.sqrt(Math.PI / 2);

/** How far the median of so many probes may be off by chance, in ms. */
export const chanceMsOf = (profile: LinkProfile, probes: number): number =>
  (sureDeviations * medianError * rttDeviationMsOf(profile)) / Math.sqrt(probes);

/** How many probes bring that down to `ms`. */
export const probesFor = (profile: LinkProfile, ms: number): number =>
  Math.ceil(((sureDeviations * medianError * rttDeviationMsOf(profile)) / ms) ** 2);
