import type { LinkDirection } from '#proto/link';
import { lossAgainOf, lossShareOf } from '#proto/link';

const share = (percent: number): string => `${Number(percent.toPrecision(3))} %`;

/** What a direction does to packets apart from rate, delay and buffer, in a few words each; nothing where it does nothing. */
export const impairmentWords = (direction: LinkDirection): string[] => {
  const { jitterMs, jitterDistribution, lossPercent, gemodel, duplicatePercent = 0 } = direction;
  const { reorderPercent = 0, mtuBytes } = direction;
  const burst = 1 / (1 - lossAgainOf(direction));
  return [
    jitterMs > 0
      ? `jitter ${jitterMs} ms${jitterDistribution === undefined ? '' : ` ${jitterDistribution}`}`
      : '',
    lossPercent > 0 ? `loss ${lossPercent} %` : '',
    gemodel === undefined
      ? ''
      : `loss ${share(100 * lossShareOf(direction))} in bursts of ${Number(burst.toPrecision(2))}`,
    duplicatePercent > 0 ? `duplicates ${duplicatePercent} %` : '',
    reorderPercent > 0 ? `reordering ${reorderPercent} %` : '',
    mtuBytes === undefined ? '' : `MTU ${mtuBytes}`,
  ].filter((words) => words !== '');
};
