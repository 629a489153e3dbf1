import type { Check, Draw, Needs, Trend } from 'livemig/study';
import { asIn, everything, figure, leastBy, medianOf, totalTimeMs } from 'livemig/study';
import { figureOf, flavours, loads } from '../published.ts';
import type { Rate, WanCell } from '../wan.ts';
import { wanCells } from '../wan.ts';

interface Pair {
  halifax: WanCell;
  dublin: WanCell;
}

const pairsAt = (need: Needs, rate: Rate): Pair[] => {
  const dublins = wanCells(need, { site: 'dublin', rate });
  return wanCells(need, { site: 'halifax', rate }).flatMap((halifax) => {
    const dublin = dublins.find(({ flavour, load }) => flavour === halifax.flavour && load === halifax.load);
    return dublin === undefined ? [] : [{ halifax, dublin }];
  });
};

const ratio = (draw: Draw, { halifax, dublin }: Pair): number =>
  medianOf(draw(halifax.runs), totalTimeMs) / medianOf(draw(dublin.runs), totalTimeMs);
const cellName = ({ halifax: { flavour, load } }: Pair): string => `${flavour} ${load}`;
const ratiosText = (pairs: readonly Pair[]): string =>
  pairs.map((pair) => `${cellName(pair)} ${figure(ratio(everything, pair))} ×`).join(', ');

const cellsInAll = flavours.length * loads.length;
const publishedLeast = Math.min(
  ...loads.flatMap((load) =>
    flavours.map(
      (flavour) =>
        figureOf('totalTime', 'halifax', flavour, load) / figureOf('totalTime', 'dublin', flavour, load),
    ),
  ),
);

const slowerEverywhere: Check = {
  id: '8',
  statement: 'Halifax is slower than Dublin in all ten cells: least ratio of total time',
  table: 'Table II',
  published: `${figure(publishedLeast)} ×`,
  control: {
    setup: 'one cell as fast as Dublin',
    spoil: asIn(
      'post-copy',
      { link: 'halifax', rate: 'measured', flavour: 's', load: 'unloaded' },
      'post-copy',
      {
        link: 'dublin',
      },
    ),
  },
  prepare: (need) => {
    const pairs = pairsAt(need, 'measured');
    const nominal = pairsAt(need, '10G');
    if (pairs.length === 0)
      need.lacks('no cell of post-copy rate=measured that both Dublin and Halifax have');
    return () => ({
      statistic: (draw) => Math.min(...pairs.map((pair) => ratio(draw, pair))),
      detail: `least at ${cellName(leastBy(pairs, (pair) => ratio(everything, pair)))}, of ${pairs.length} cells`,
      ...(pairs.length < cellsInAll ? { incomplete: `${pairs.length} of ${cellsInAll} cells` } : {}),
      explanation: [
        ratiosText(pairs),
        ...(nominal.length === 0 ? [] : [`with both links at 10 Gb/s: ${ratiosText(nominal)}`]),
      ].join('. '),
    });
  },
};

export const trend8: Trend = { trend: 8, checks: [slowerEverywhere] };
