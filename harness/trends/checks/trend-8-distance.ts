import type { Check, Trend } from '../check.ts';
import type { Needs } from '../needs.ts';
import { flavours, loads, ulsterFigure } from '../published.ts';
import { totalTimeMs } from '../quantities.ts';
import type { Draw } from '../statistics.ts';
import { estimateOf, everything, leastBy, medianOf } from '../statistics.ts';
import type { Rate, WanCell } from '../wan.ts';
import { wanCells } from '../wan.ts';
import { figure } from '../words.ts';

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
        ulsterFigure('totalTime', 'halifax', flavour, load) /
        ulsterFigure('totalTime', 'dublin', flavour, load),
    ),
  ),
);

const slowerEverywhere: Check = {
  id: '8',
  statement: 'Halifax is slower than Dublin in all ten cells: least ratio of total time',
  table: 'Table II',
  published: `${figure(publishedLeast)} ×`,
  prepare: (need) => {
    const pairs = pairsAt(need, 'measured');
    const nominal = pairsAt(need, '10G');
    if (pairs.length === 0)
      need.lacks('no cell of post-copy rate=measured that both Dublin and Halifax have');
    return () => ({
      estimate: estimateOf((draw) => Math.min(...pairs.map((pair) => ratio(draw, pair))), '×'),
      detail: `least at ${cellName(leastBy(pairs, (pair) => ratio(everything, pair)))}, of ${pairs.length} cells`,
      ...(pairs.length < cellsInAll ? { incomplete: `${pairs.length} of ${cellsInAll} cells` } : {}),
      explanation: [
        ratiosText(pairs),
        ...(nominal.length === 0 ? [] : [`with both links at 10 Gb/s: ${ratiosText(nominal)}`]),
      ].join('. '),
    });
  },
};

export const trend8: Trend = { trend: 8, experiment: 'ulster-wan', checks: [slowerEverywhere] };
