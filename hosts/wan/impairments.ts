/** What chance does to the packets of a direction, drawn as netem draws it (Linux, net/sched/sch_netem.c). Pure. */
import { deviatesOf, jitterDistributionNames, tableEntries } from '#catalogue/jitter-distributions';
import type { LossModel } from '#proto/link';

/** Shares are of 1. Numbers only, so that threads can share them. */
export interface ImpairmentSettings extends LossModel {
  jitterMs: number;
  /** Its place among jitterDistributionNames. */
  jitterDistribution: number;
  /** Of packets, that come twice. */
  duplicate: number;
  /** Of packets, that don't wait out the delay, and so overtake those that do … */
  reorder: number;
  /** … how much each draw resembles the one before it … */
  reorderCorrelation: number;
  /** … and how many packets are delayed at least between two of them, plus one. */
  reorderGap: number;
}

export interface Impairments {
  isDuplicated: () => boolean;
  isLost: () => boolean;
  overtakes: () => boolean;
  /** To be added to the delay, in ms; of either sign. */
  jitterMs: () => number;
}

const never = (): boolean => false;

const lossDraws = (
  { toBad, toGood, lossInBad, lossInGood }: LossModel,
  random: () => number,
): (() => boolean) => {
  if (lossInGood === 0 && (toBad === 0 || lossInBad === 0)) return never;
  let isBad = false;
  // A packet that ends a state is still of it: loss_gilb_ell.
  return () => {
    const lost = isBad ? lossInBad : lossInGood;
    if (random() < (isBad ? toGood : toBad)) isBad = !isBad;
    return random() < lost;
  };
};

const overtakingDraws = (
  { reorder, reorderCorrelation, reorderGap }: ImpairmentSettings,
  random: () => number,
): (() => boolean) => {
  if (reorder === 0) return never;
  let delayed = 0;
  let last = random();
  return () => {
    if (delayed < reorderGap - 1) {
      delayed += 1;
      return false;
    }
    // get_crandom: what is correlated isn't uniform any more, so that a correlation also makes small shares smaller.
    last = (1 - reorderCorrelation) * random() + reorderCorrelation * last;
    const isDelayed = reorder < last;
    delayed = isDelayed ? delayed + 1 : 0;
    return !isDelayed;
  };
};

const jitterDraws = (
  { jitterMs, jitterDistribution }: ImpairmentSettings,
  random: () => number,
): (() => number) => {
  if (jitterMs === 0) return () => 0;
  const deviates = deviatesOf(jitterDistributionNames[jitterDistribution]!);
  return () => jitterMs * deviates[Math.floor(random() * tableEntries)]!;
};

/** @returns null where nothing is left to chance. */
export const impairmentsOf = (settings: ImpairmentSettings, random: () => number): Impairments | null => {
  const { jitterMs, duplicate } = settings;
  const isLost = lossDraws(settings, random);
  const overtakes = overtakingDraws(settings, random);
  if (jitterMs === 0 && duplicate === 0 && isLost === never && overtakes === never) return null;
  return {
    isDuplicated: duplicate === 0 ? never : () => random() < duplicate,
    isLost,
    overtakes,
    jitterMs: jitterDraws(settings, random),
  };
};
