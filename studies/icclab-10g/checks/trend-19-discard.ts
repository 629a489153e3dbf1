import type { Check, Draw, Trend } from 'livemig/study';
import { downtimeDifference, downtimeMs, everything, figure, medianOf, where } from 'livemig/study';
import type { Link } from '../published.ts';
import { linkText, published } from '../published.ts';
import type { StressPoint } from '../stress.ts';
import { stressPoints } from '../stress.ts';

/**
 * When hybrid switches over, the destination drops its copies of all pages that were written since they were sent. The more
 * stress, the more pages: in Tab. 2 the downtime rises by 0.3 s up to 8 GB.
 */

const { hybridDowntime } = published;
const publishedRise = (link: Link): number => hybridDowntime[link].at(-1)! - hybridDowntime[link][0]!;

const riseOn = (id: '19a' | '19b', link: Link): Check => ({
  id,
  statement: `Hybrid downtime rises with stress at ${linkText[link]}: at the highest minus at none, divided by κ_M`,
  table: 'Tab. 2',
  published: `${figure(publishedRise(link))} s`,
  control: {
    setup: 'a downtime that falls with stress',
    spoil: where('hybrid', { link, stressMB: 8192 }, ({ downtimeMs: ms }) => ({ downtimeMs: ms / 4 })),
  },
  prepare: (need) => {
    const points = stressPoints(need, 'hybrid', link);
    const least = points[0];
    const most = points.at(-1);
    if (least !== undefined && least.stressMB !== 0) need.lacks(`no stressMB=0 in hybrid link=${link}`);
    const { guestScale } = need.setUp;
    const at = (draw: Draw, { runs }: StressPoint): number => medianOf(draw(runs), downtimeMs);
    return () => ({
      statistic: (draw) => (at(draw, most!) - at(draw, least!)) / 1000 / guestScale,
      detail: `${figure(at(everything, least!))} ms at 0, ${figure(at(everything, most!))} ms at ${most!.stressMB} MB`,
      explanation: downtimeDifference(most!.runs, least!.runs),
    });
  },
});

export const trend19: Trend = { trend: 19, checks: [riseOn('19a', '1G'), riseOn('19b', '10G')] };
