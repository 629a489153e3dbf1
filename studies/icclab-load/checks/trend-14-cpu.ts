import type { Check, CheckOptions, Draw, Needs, Runs, Trend } from 'livemig/study';
import { everything, figure, medianOf, slower, where } from 'livemig/study';
import type { Kind } from '../published.ts';
import { kinds, kindText, published } from '../published.ts';

/** Two thirds of both hosts' CPU time taken by others, as against idle hosts. */

type TimeMs = CheckOptions['timeMs'];
interface Pair {
  idle: Runs;
  loaded: Runs;
}

const pairOf = (need: Needs, kind: Kind): Pair => ({
  idle: need.cell(`${kind}-cpu`, { cpu: 'idle' }),
  loaded: need.cell(`${kind}-cpu`, { cpu: 'loaded' }),
});

const pairsOf = (need: Needs): Readonly<Record<Kind, Pair>> => ({
  lm: pairOf(need, 'lm'),
  blm: pairOf(need, 'blm'),
});

const time = (draw: Draw, runs: Runs, timeMs: TimeMs): number => medianOf(draw(runs), timeMs);
const rise = (draw: Draw, { idle, loaded }: Pair, timeMs: TimeMs): number =>
  time(draw, loaded, timeMs) / time(draw, idle, timeMs);
const addedS = (draw: Draw, { idle, loaded }: Pair, timeMs: TimeMs): number =>
  (time(draw, loaded, timeMs) - time(draw, idle, timeMs)) / 1000;

const timesText = (pairs: Readonly<Record<Kind, Pair>>, timeMs: TimeMs): string =>
  kinds
    .map(
      (kind) =>
        `${kindText[kind]} ${figure(time(everything, pairs[kind].idle, timeMs) / 1000)} s idle, ` +
        `${figure(time(everything, pairs[kind].loaded, timeMs) / 1000)} s loaded`,
    )
    .join('; ');

const { LM, BLM } = published.cpuLoad;
const publishedRise = { lm: LM.loaded / LM.idle, blm: BLM.loaded / BLM.idle };

const lmRises: Check = {
  id: '14a',
  statement: 'CPU load on both hosts makes LM take longer: time loaded over idle',
  table: 'text (15 and 18.3 s)',
  published: `${figure(publishedRise.lm)} ×`,
  control: { setup: 'a load without effect', spoil: where('lm-cpu', { cpu: 'loaded' }, slower(0.8)) },
  prepare: (need, { timeMs }) => {
    const pairs = pairsOf(need);
    return () => ({
      statistic: (draw) => rise(draw, pairs.lm, timeMs),
      explanation: timesText(pairs, timeMs),
    });
  },
};

const blmRisesLess: Check = {
  id: '14b',
  statement: "BLM's relative rise is no larger: BLM's time loaded over idle, over LM's",
  table: 'text (22.5 and 25.1 s)',
  published: `${figure(publishedRise.blm / publishedRise.lm)} ×`,
  control: { setup: 'a load that BLM alone feels', spoil: where('blm-cpu', { cpu: 'loaded' }, slower(1.5)) },
  prepare: (need, { timeMs }) => {
    const pairs = pairsOf(need);
    return () => ({
      statistic: (draw) => rise(draw, pairs.blm, timeMs) / rise(draw, pairs.lm, timeMs),
      explanation: timesText(pairs, timeMs),
    });
  },
};

const sameRise: Check = {
  id: '22',
  statement:
    'CPU load adds about as much to both: seconds added to LM minus those added to BLM, at full size',
  table: 'text',
  published: `${figure(Math.abs(LM.loaded - LM.idle - (BLM.loaded - BLM.idle)))} s`,
  control: { setup: 'a load that LM alone feels', spoil: where('lm-cpu', { cpu: 'loaded' }, slower(1.5)) },
  prepare: (need, { timeMs }) => {
    const pairs = pairsOf(need);
    const { guestScale } = need.setUp;
    return () => ({
      statistic: (draw) =>
        Math.abs(addedS(draw, pairs.lm, timeMs) - addedS(draw, pairs.blm, timeMs)) / guestScale,
      explanation: timesText(pairs, timeMs),
    });
  },
};

export const trend14: Trend = { trend: 14, checks: [lmRises, blmRisesLess] };
export const trend22: Trend = { trend: 22, checks: [sameRise] };
