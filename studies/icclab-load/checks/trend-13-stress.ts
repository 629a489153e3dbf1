import type { Check, Needs, Trend } from 'livemig/study';
import {
  bandwidthOf,
  bytesPerMs,
  everything,
  figure,
  hasFailed,
  mebibyte,
  slower,
  where,
} from 'livemig/study';
import type { StressPoint } from '../load.ts';
import { publishedLine, stressPoints, timeAt, timeLine } from '../load.ts';
import { linkMbps, publishedS, stressRows } from '../published.ts';
import frozen from '../tolerances.json' with { type: 'json' };

const { rules } = frozen;

const linear: Check = {
  id: '13a',
  statement: 'BLM takes time linear in stressed memory: the lesser R² of an idle and of a busy link',
  table: 'Table 2, Chart 2',
  published: figure(Math.min(publishedLine('blm', 'idle').r2, publishedLine('blm', 'busy').r2)),
  control: {
    setup: 'one cell far off the line',
    spoil: where('blm', { network: 'idle', stressMB: 1792 }, slower(2.5)),
  },
  prepare: (need, { timeMs }) => {
    const lines = (['idle', 'busy'] as const).map((network) =>
      stressPoints(need, 'blm', network, rules.leastPointsOfLine),
    );
    return () => ({
      statistic: (draw) => Math.min(...lines.map((points) => timeLine(draw, points, timeMs).r2)),
      detail: `${lines[0]!.length} points each`,
      explanation: lines.map((points) => points.map(({ stressMB }) => `${stressMB} MB`).join(' ')).join('; '),
    });
  },
};

const publishedBytes = publishedLine('blm', 'idle').slope * bytesPerMs(linkMbps);

const once: Check = {
  id: '13b',
  statement: 'BLM pauses the guest, so each stressed byte goes once: slope × bandwidth on an idle link',
  table: 'Table 2',
  published: `${figure(publishedBytes)} B/B`,
  control: {
    setup: 'block migration that is live, and sends them twice',
    spoil: where('blm', { network: 'idle' }, ({ totalTimeMs, stressedBytes = 0 }) => ({
      totalTimeMs: totalTimeMs + stressedBytes / bytesPerMs(linkMbps),
    })),
  },
  prepare: (need, { timeMs }) => {
    const points = stressPoints(need, 'blm', 'idle', rules.leastPointsOfLine);
    return () => ({
      statistic: (draw) =>
        timeLine(draw, points, timeMs).slope *
        bytesPerMs(
          bandwidthOf(
            draw,
            points.map(({ runs }) => runs),
          ),
        ),
      detail: `${points.length} points`,
      explanation: 'below 1, the document contradicts its own link (blm-faster-than-its-link)',
    });
  },
};

const commonMB = 96;
const gapMs = (lm: StressPoint, blm: StressPoint, time: (point: StressPoint) => number): number =>
  time(blm) - time(lm);
const pointAt = (points: readonly StressPoint[], stressMB: number): StressPoint | undefined =>
  points.find((point) => point.stressMB === stressMB);

const publishedGap = (stressMB: number): number =>
  publishedS('blm', 'idle', stressMB) - publishedS('lm', 'idle', stressMB);

const gap: Check = {
  id: '13c',
  statement: `BLM's lag behind LM shrinks with stress: at none minus at ${commonMB} MB, idle link`,
  table: 'Chart 4',
  published: `${figure(publishedGap(0) - publishedGap(commonMB))} s`,
  control: { setup: 'LM without rounds', spoil: where('lm', { network: 'idle', stressMB: 96 }, slower(0.5)) },
  prepare: (need, { timeMs }) => {
    const lm = stressPoints(need, 'lm', 'idle', 2);
    const blm = [...stressPoints(need, 'blm', 'idle', 2), ...stressPoints(need, 'blm-small', 'idle', 1)];
    const wanted = [0, commonMB].map((stressMB) => ({
      lm: pointAt(lm, stressMB),
      blm: pointAt(blm, stressMB),
      stressMB,
    }));
    for (const one of wanted)
      if (one.lm === undefined || one.blm === undefined)
        need.lacks(`lm and blm on an idle link at ${one.stressMB} MB`);
    return () => {
      const [none, most] = wanted;
      return {
        statistic: (draw) => {
          const time = (point: StressPoint): number => timeAt(draw, point, timeMs);
          return (gapMs(none!.lm!, none!.blm!, time) - gapMs(most!.lm!, most!.blm!, time)) / 1000;
        },
        explanation: wanted
          .map(
            (one) =>
              `${one.stressMB} MB: LM ${figure(timeAt(everything, one.lm!, timeMs) / 1000)} s, ` +
              `BLM ${figure(timeAt(everything, one.blm!, timeMs) / 1000)} s`,
          )
          .join('; '),
      };
    };
  },
};

/** The largest stress of which every completed repetition converged, with none that didn't. */
const limitMB = (need: Needs, network: 'idle' | 'busy'): number =>
  Math.max(
    0,
    ...need
      .cells('lm', { network })
      .filter(({ runs, completed }) => completed.length >= rules.leastRepeats && !runs.some(hasFailed))
      .map(({ labels }) => Number(labels['stressMB'])),
  );

const publishedLimit = (network: 'idle' | 'busy'): number =>
  Math.max(...stressRows('lm', network).map(({ stressMB, seconds }) => (seconds === null ? 0 : stressMB)));

const limit: Check = {
  id: '13d',
  statement: 'On a busy link LM converges up to less stress: limit busy over idle',
  table: 'Table 3',
  published: `${figure(publishedLimit('busy') / publishedLimit('idle'))} × (${publishedLimit('idle')} to ${publishedLimit('busy')} MB)`,
  control: {
    setup: 'traffic that takes nothing from LM',
    spoil: (runs) =>
      runs.map((run) => {
        if (run.part !== 'lm') return run;
        const converged = { ...run };
        delete converged.error;
        return converged;
      }),
  },
  prepare: (need) => {
    for (const network of ['idle', 'busy'] as const)
      if (need.cells('lm', { network }).length < 2)
        need.lacks(`lm network=${network}: fewer than two stresses`);
    const [idle, busy] = [limitMB(need, 'idle'), limitMB(need, 'busy')];
    return () => ({
      statistic: () => busy / idle,
      detail: `${idle} MB idle, ${busy} MB busy, of the stresses tried`,
      explanation: `a fair share of the link allows about half of ${idle} MB (${figure((idle * mebibyte) / 1e6 / 2)} MB)`,
    });
  },
};

export const trend13: Trend = { trend: 13, checks: [linear, once, gap, limit] };
