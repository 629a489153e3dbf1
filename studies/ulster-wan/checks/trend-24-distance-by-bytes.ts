import type { Check, Draw, Needs, Trend } from 'livemig/study';
import { asIn, everything, figure, leastBy, marginOf, medianOf } from 'livemig/study';
import type { Flavour } from '../published.ts';
import frozen from '../tolerances.json' with { type: 'json' };
import type { WanCell } from '../wan.ts';
import { wanCells } from '../wan.ts';

/** The same loaded guest over both links. */
interface Pair {
  flavour: Flavour;
  halifax: WanCell;
  dublin: WanCell;
}

/** Time after set-up, which is what distance and bandwidth change. */
const timeMs = (draw: Draw, { runs }: WanCell): number =>
  medianOf(draw(runs), ({ measurement }) => measurement.totalTimeMs - measurement.setupTimeMs);

const ratioOf = (draw: Draw, { halifax, dublin }: Pair): number =>
  timeMs(draw, halifax) / timeMs(draw, dublin);

/** The ratio that is farthest outside the tolerance or, if none is, nearest to its bounds. */
const tightest = <R>(items: readonly R[], ratio: (item: R) => number): R =>
  leastBy(items, (item) => marginOf(ratio(item), frozen.checks['24']));

const pairsOf = (need: Needs): Pair[] => {
  const dublins = wanCells(need, { site: 'dublin', load: 'loaded' });
  return wanCells(need, { site: 'halifax', load: 'loaded' }).flatMap((halifax): Pair[] => {
    const dublin = dublins.find(({ flavour }) => flavour === halifax.flavour);
    return dublin === undefined ? [] : [{ flavour: halifax.flavour, halifax, dublin }];
  });
};

const distance: Check = {
  id: '24',
  statement:
    'Loaded, Halifax takes a few times as long as Dublin after set-up: the cell that strains the bounds most',
  table: 'Tables II and IV',
  published: 'from 1.40 × (xl) to 7.74 × (s), without the fixed time of the software',
  control: {
    setup: 'a distance without effect',
    spoil: asIn('post-copy', { link: 'halifax', flavour: 'm', load: 'loaded' }, 'post-copy', {
      link: 'dublin',
    }),
  },
  prepare: (need) => {
    const pairs = pairsOf(need);
    if (pairs.length === 0) need.lacks('no loaded cell of post-copy that both Dublin and Halifax have');
    return () => ({
      statistic: (draw) =>
        tightest(
          pairs.map((pair) => ratioOf(draw, pair)),
          (ratio) => ratio,
        ),
      detail: `${tightest(pairs, (pair) => ratioOf(everything, pair)).flavour}, of ${pairs.length} flavours`,
      explanation: pairs.map((pair) => `${pair.flavour} ${figure(ratioOf(everything, pair))} ×`).join(', '),
    });
  },
};

export const trend24: Trend = { trend: 24, checks: [distance] };
