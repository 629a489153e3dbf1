import type { Attempt } from './attempt.ts';
import type { Trial } from './trial.ts';

/** Smaller trials, the smallest first, by one thing each. */
const smaller: readonly ((trial: Trial) => Trial[])[] = [
  (trial) => ((trial.diskBlocks ?? 0) === 0 ? [] : [{ ...trial, diskBlocks: 0, diskWritesPerMs: 0 }]),
  (trial) => ((trial.vcpus ?? 1) === 1 ? [] : [{ ...trial, vcpus: 1 }]),
  (trial) =>
    powersBelow(trial.pageCount).map((pageCount) => ({
      ...trial,
      pageCount,
      regionPages: Math.min(trial.regionPages, pageCount),
    })),
  (trial) => powersBelow(trial.regionPages).map((regionPages) => ({ ...trial, regionPages })),
  (trial) =>
    [0, 1, 2, 4]
      .filter((rate) => rate < trial.dirtyPagesPerMs)
      .map((rate) => ({ ...trial, dirtyPagesPerMs: rate })),
  (trial) => powersBelow(trial.diskBlocks ?? 0).map((diskBlocks) => ({ ...trial, diskBlocks })),
];

const powersBelow = (size: number): number[] => {
  const powers: number[] = [];
  for (let power = 1; power < size; power *= 2) powers.push(power);
  return powers;
};

/** Each is one migration, and no larger than the first. */
const attemptsMax = 60;

/**
 * The smallest attempt that still shows the same. Which one that is depends on nothing but the attempt and the strategy.
 * @param isSame whether an attempt shows it
 */
export const smallest = async (
  attempt: Attempt,
  isSame: (smaller: Attempt) => Promise<boolean>,
): Promise<Attempt> => {
  let best = attempt;
  let left = attemptsMax;
  for (const by of smaller)
    for (const trial of by(best.trial)) {
      if (left-- === 0) return best;
      if (!(await isSame({ ...best, trial }))) continue;
      best = { ...best, trial };
      break;
    }
  return best;
};
