import type { Check, Trend } from 'livemig/study';
import { everything, medianOf, slower, where } from 'livemig/study';
import type { SizePoint } from '../service.ts';
import {
  bySize,
  errorShareBefore,
  errorShareDuring,
  leastOver,
  p95BeforeMs,
  p95DuringMs,
  sizePoints,
} from '../service.ts';

/** The document's four charts: guests of three sizes under requests, migrated by pre-copy. */

const noNumbers = 'no figures: the chart is a picture';

const timeRises: Check = {
  id: '16a',
  statement:
    'The larger the guest, the longer its migration: least ratio of total time to the next smaller one',
  table: 'chart "Tempo total de migração"',
  published: noNumbers,
  control: {
    setup: 'a large guest that is as quick as a small one',
    spoil: where('size', { ramMB: 2048 }, slower(0.4)),
  },
  prepare: (need, { timeMs }) => {
    const points = sizePoints(need);
    return () => ({
      statistic: (draw) => {
        const times = points.map(({ runs }) => medianOf(draw(runs), timeMs));
        return Math.min(...times.slice(1).map((time, index) => time / times[index]!));
      },
      explanation: `s: ${bySize(points, ({ runs }) => medianOf(everything(runs), timeMs) / 1000)}`,
    });
  },
};

const latencyRises: Check = {
  id: '16b',
  statement: 'Requests take longer during a migration: p95 during over before, the least of all sizes',
  table: 'chart "Tempo de resposta"',
  published: noNumbers,
  control: {
    setup: 'a service that is faster while it migrates',
    spoil: where('size', {}, ({ service }) => ({
      service: { ...service!, p95DuringMs: service!.p95BeforeMs / 2 },
    })),
  },
  prepare: (need) => {
    const points = sizePoints(need);
    return () => ({
      statistic: (draw) =>
        leastOver(
          points,
          ({ runs }) => medianOf(draw(runs), p95DuringMs) / medianOf(draw(runs), p95BeforeMs),
        ),
      explanation:
        `ms during: ${bySize(points, ({ runs }) => medianOf(runs, p95DuringMs))}; ` +
        `before: ${bySize(points, ({ runs }) => medianOf(runs, p95BeforeMs))}`,
    });
  },
};

const morePercent = (draw: (runs: SizePoint['runs']) => SizePoint['runs'], { runs }: SizePoint): number =>
  100 * (medianOf(draw(runs), errorShareDuring) - medianOf(draw(runs), errorShareBefore));

const errorsRise: Check = {
  id: '16c',
  statement: 'More requests fail during a migration than before, in percent of all: the least of all sizes',
  table: 'chart "Quantidade de erros"',
  published: noNumbers,
  control: {
    setup: 'a service that loses as many before',
    spoil: where('size', {}, ({ service }) => ({
      service: { ...service!, errorsBefore: service!.errorsDuring },
    })),
  },
  prepare: (need) => {
    const points = sizePoints(need);
    return () => ({
      statistic: (draw) => leastOver(points, (point) => morePercent(draw, point)),
      explanation:
        `% during: ${bySize(points, ({ runs }) => 100 * medianOf(runs, errorShareDuring))}; ` +
        `before: ${bySize(points, ({ runs }) => 100 * medianOf(runs, errorShareBefore))}`,
    });
  },
};

export const trend16: Trend = { trend: 16, checks: [timeRises, latencyRises, errorsRise] };
