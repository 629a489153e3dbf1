import type { Check, CheckOptions, Draw, Trend } from 'livemig/study';
import { downtimeMs, everything, figure, medianOf, mostBy, percent, slower, where } from 'livemig/study';
import type { Pair } from '../load.ts';
import { pairsOf, slowdown, stressPoints, timeAt } from '../load.ts';
import type { Kind } from '../published.ts';
import { publishedS, stressRows } from '../published.ts';

type TimeMs = CheckOptions['timeMs'];

const pausedMB = 896;

/** The downtime's part of the time where BLM pauses the guest. The document gives only the text; the era's O its size. */
const paused: Check = {
  id: '20',
  statement: `BLM pauses the guest: downtime over time at ${pausedMB} MB, idle link`,
  table: 'text; Table 2',
  published: 'more than half, up to 75 % (as another document of the same software says)',
  control: {
    setup: 'block migration that is live',
    spoil: where('blm', { network: 'idle', stressMB: pausedMB }, () => ({ downtimeMs: 100 })),
  },
  prepare: (need, { timeMs }) => {
    const runs = need.cell('blm', { network: 'idle', stressMB: pausedMB });
    return () => ({
      statistic: (draw) => medianOf(draw(runs), (run) => downtimeMs(run) / timeMs(run)),
      explanation: `${figure(medianOf(runs, downtimeMs) / 1000)} s of downtime`,
    });
  },
};

const pairsText = (pairs: readonly Pair[], timeMs: TimeMs): string =>
  pairs.map((pair) => `${pair.stressMB} MB ${figure(slowdown(everything, pair, timeMs))} ×`).join(', ');

const publishedSlowdowns = (kind: Kind): number[] =>
  stressRows(kind, 'idle')
    .map(({ stressMB, seconds }) => publishedS(kind, 'busy', stressMB) / (seconds ?? NaN))
    .filter((ratio) => Number.isFinite(ratio));

const lmSlower: Check = {
  id: '21a',
  statement: 'A busy link slows LM down by about as much at every stress: largest slowdown',
  table: 'Table 3, Chart 3',
  published: `${figure(Math.min(...publishedSlowdowns('lm')))} … ${figure(Math.max(...publishedSlowdowns('lm')))} ×`,
  control: {
    setup: 'a busy link that nearly stops LM',
    spoil: where('lm', { network: 'busy' }, slower(1.6)),
  },
  prepare: (need, { timeMs }) => {
    const pairs = pairsOf(stressPoints(need, 'lm', 'idle', 2), stressPoints(need, 'lm', 'busy', 2));
    if (pairs.length === 0) need.lacks('no stress of LM on both an idle and a busy link');
    const most = (draw: Draw): number => Math.max(...pairs.map((pair) => slowdown(draw, pair, timeMs)));
    return () => ({
      statistic: most,
      detail: `${mostBy(pairs, (pair) => slowdown(everything, pair, timeMs)).stressMB} MB, of ${pairs.length} stresses`,
      explanation: pairsText(pairs, timeMs),
    });
  },
};

const blmGrows: Check = {
  id: '21b',
  statement: 'The more is stressed, the more a busy link slows BLM down: slowdown at the most over at none',
  table: 'Table 2, Chart 2',
  published: `${figure(publishedS('blm', 'busy', 7168) / publishedS('blm', 'idle', 7168) / (publishedS('blm', 'busy', 0) / publishedS('blm', 'idle', 0)))} ×`,
  control: {
    setup: 'a slowdown that shrinks',
    spoil: where('blm', { network: 'busy', stressMB: 7168 }, slower(0.6)),
  },
  prepare: (need, { timeMs }) => {
    const pairs = pairsOf(stressPoints(need, 'blm', 'idle', 2), stressPoints(need, 'blm', 'busy', 2));
    if (pairs.length < 2) need.lacks('two stresses of BLM on both an idle and a busy link');
    return () => ({
      statistic: (draw) => slowdown(draw, pairs.at(-1)!, timeMs) / slowdown(draw, pairs[0]!, timeMs),
      detail: `${pairs[0]!.stressMB} and ${pairs.at(-1)!.stressMB} MB`,
      explanation: `${pairsText(pairs, timeMs)}; ${figure(timeAt(everything, pairs.at(-1)!.busy, timeMs) / 1000)} s at the most on the busy link`,
    });
  },
};

export const trend20: Trend = { trend: 20, checks: [paused] };
export const trend21: Trend = { trend: 21, checks: [lmSlower, blmGrows] };

const yields = (id: '25a' | '25b', rest: Pick<Check, 'statement' | 'published' | 'control'>): Check => ({
  id,
  ...rest,
  table: 'text',
  // The document prints no rate of the traffic during a migration.
  publishedVerdict: 'not measured',
  prepare: (need) => {
    const runs = need.cell('lm-traffic', { trafficMbps: 930 });
    const mbps = (when: 'beforeMbps' | 'duringMbps' | 'afterMbps', draw: Draw = everything): number =>
      medianOf(draw(runs), ({ measurement }) => measurement.traffic?.[0]?.[when] ?? NaN);
    return () => ({
      statistic: (draw) => mbps(id === '25a' ? 'duringMbps' : 'afterMbps', draw) / mbps('beforeMbps', draw),
      explanation:
        `${figure(mbps('beforeMbps'))} Mb/s before, ${figure(mbps('duringMbps'))} during, ${figure(mbps('afterMbps'))} after; ` +
        `during it ${percent(mbps('duringMbps') / mbps('beforeMbps'))}`,
    });
  },
});

const traffic = { kind: 'ping' as const, offeredMbps: 930, beforeMbps: 930 };

export const trend25: Trend = {
  trend: 25,
  checks: [
    yields('25a', {
      statement: 'A migration suppresses the traffic beside it: rate during over before, 930 Mb/s offered',
      published: 'it is "prioritised" (no figure)',
      control: {
        setup: 'traffic that yields nothing',
        spoil: where('lm-traffic', { trafficMbps: 930 }, () => ({
          traffic: { ...traffic, duringMbps: 920, afterMbps: 930 },
        })),
      },
    }),
    yields('25b', {
      statement: 'After the migration the traffic has its rate back: after over before',
      published: 'it returns (no figure)',
      control: {
        setup: 'traffic that stays down',
        spoil: where('lm-traffic', { trafficMbps: 930 }, () => ({
          traffic: { ...traffic, duringMbps: 450, afterMbps: 500 },
        })),
      },
    }),
  ],
};
