import type { Check, CheckOptions, Draw, Needs, Runs, Trend } from 'livemig/study';
import { everything, figure, medianOf, slower, where } from 'livemig/study';
import { publishedLine, stressPoints, timeLine } from '../load.ts';
import type { Kind } from '../published.ts';
import { kinds, kindText, published, trafficS } from '../published.ts';
import frozen from '../tolerances.json' with { type: 'json' };

type TimeMs = CheckOptions['timeMs'];

const { trafficMbps: rates } = published.networkTraffic;
/** From here on the document's times don't grow any more. */
const plateauMbps = 650;
const plateau = rates.filter((rate) => rate >= plateauMbps);

interface AtRate {
  mbps: number;
  runs: Runs;
}

const atRates = (need: Needs, kind: Kind): AtRate[] =>
  need.along(`${kind}-traffic`, {}, 'trafficMbps', 3).map(({ at, runs }) => ({ mbps: Number(at), runs }));

const timeAt = (draw: Draw, { runs }: AtRate, timeMs: TimeMs): number => medianOf(draw(runs), timeMs);

const timesText = (points: readonly AtRate[], timeMs: TimeMs): string =>
  points
    .map((point) => `${point.mbps} Mb/s ${figure(timeAt(everything, point, timeMs) / 1000)} s`)
    .join(', ');

const publishedK = publishedLine('blm', 'busy').slope / publishedLine('blm', 'idle').slope;

const byteTime: Check = {
  id: '12a',
  statement:
    'Traffic that fills the link halves what a migration gets: time per stressed byte, busy over idle, BLM',
  table: 'Table 2',
  published: `${figure(publishedK)} ×`,
  control: { setup: 'traffic that yields', spoil: where('blm', { network: 'busy' }, slower(0.55)) },
  prepare: (need, { timeMs }) => {
    const [idle, busy] = (['idle', 'busy'] as const).map((network) =>
      stressPoints(need, 'blm', network, frozen.rules.leastPointsOfLine),
    );
    return () => ({
      statistic: (draw) => timeLine(draw, busy!, timeMs).slope / timeLine(draw, idle!, timeMs).slope,
      detail: `${busy!.length} points`,
      explanation: 'The window of the ping decides; it was chosen for this ratio (docs/loads.md)',
    });
  },
};

/** The longest over the shortest from the plateau's beginning on. */
const publishedSpread = (kind: Kind): number => {
  const times = plateau.map((rate) => trafficS(kind, rate));
  return Math.max(...times) / Math.min(...times);
};

const levelsOff: Check = {
  id: '12b',
  statement: `From ${plateauMbps} Mb/s of traffic on, time hardly grows: longest over shortest, the larger of LM and BLM`,
  table: 'Table 1, Chart 1',
  published: `${figure(Math.max(...kinds.map(publishedSpread)))} ×`,
  control: {
    setup: 'time that goes on growing',
    spoil: where('lm-traffic', { trafficMbps: 930 }, slower(1.6)),
  },
  prepare: (need, { timeMs }) => {
    const each = kinds.map((kind) => ({
      kind,
      points: atRates(need, kind).filter(({ mbps }) => mbps >= plateauMbps),
    }));
    for (const { kind, points } of each)
      if (points.length < 2) need.lacks(`${kind}-traffic: fewer than two rates from ${plateauMbps} Mb/s on`);
    const spread = (draw: Draw, points: readonly AtRate[]): number => {
      const times = points.map((point) => timeAt(draw, point, timeMs));
      return Math.max(...times) / Math.min(...times);
    };
    return () => ({
      statistic: (draw) => Math.max(...each.map(({ points }) => spread(draw, points))),
      detail: each
        .map(({ kind, points }) => `${kindText[kind]} ${figure(spread(everything, points))} ×`)
        .join(', '),
      explanation: each
        .map(({ kind, points }) => `${kindText[kind]}: ${timesText(points, timeMs)}`)
        .join('; '),
    });
  },
};

const growth = (id: '12c' | '12d', kind: Kind): Check => ({
  id,
  statement: `Full traffic makes ${kindText[kind]} take a quarter longer: time at 930 Mb/s over none`,
  table: 'Table 1',
  published: `${figure(trafficS(kind, 930) / trafficS(kind, 0))} ×`,
  control: {
    setup: 'traffic without effect',
    spoil: where(`${kind}-traffic`, { trafficMbps: 930 }, slower(0.8)),
  },
  prepare: (need, { timeMs }) => {
    const [none, full] = [0, 930].map((trafficMbps) => ({
      mbps: trafficMbps,
      runs: need.cell(`${kind}-traffic`, { trafficMbps }),
    }));
    return () => ({
      statistic: (draw) => timeAt(draw, full!, timeMs) / timeAt(draw, none!, timeMs),
      explanation: timesText([none!, full!], timeMs),
    });
  },
});

export const trend12: Trend = {
  trend: 12,
  checks: [byteTime, levelsOff, growth('12c', 'lm'), growth('12d', 'blm')],
};
