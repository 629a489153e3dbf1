import type { Check, Trend } from 'livemig/study';
import { figure, longerPause, medianOf, where } from 'livemig/study';
import { otherApproaches } from '../published.ts';
import { bySize, lostOverPaused, p95DuringMs, sizePoints } from '../service.ts';

/** The document's outlook: "measure downtime" and "compare pre-copy with other approaches". */

const lostWhilePaused: Check = {
  id: '26a',
  statement:
    'What pre-copy loses are the requests of its downtime: failed ones over those due then, median of all sizes',
  table: 'outlook ("medir downtime")',
  published: 'not stated',
  control: {
    setup: 'a downtime that no request notices',
    spoil: where('size', {}, longerPause(5000)),
  },
  prepare: (need) => {
    const points = sizePoints(need);
    return () => ({
      statistic: (draw) =>
        medianOf(
          points.flatMap(({ runs }) => [...draw(runs)]),
          lostOverPaused,
        ),
      explanation: bySize(points, ({ runs }) => medianOf(runs, lostOverPaused)),
    });
  },
};

const stopAndCopyIsWorst: Check = {
  id: '26b',
  statement:
    'No other approach fails more requests than stop-and-copy: its failed requests over the most of the others',
  table: 'outlook ("comparações entre o pré-cópia e outras abordagens")',
  published: 'not stated',
  control: {
    setup: 'a stop-and-copy that fails none',
    spoil: where('approach', { strategy: 'stop-and-copy' }, ({ service }) => ({
      service: { ...service!, errorsDuring: 0 },
    })),
  },
  prepare: (need) => {
    const failed = otherApproaches.map((strategy) => ({
      strategy,
      runs: need.cell('approach', { strategy }),
    }));
    const preCopy = { strategy: 'pre-copy', runs: need.cell('size', { ramMB: 512 }) };
    return () => ({
      statistic: (draw) => {
        const errors = (strategy: string): number =>
          medianOf(
            draw([...failed, preCopy].find((each) => each.strategy === strategy)!.runs),
            ({ measurement }) => measurement.service!.during.errors,
          );
        const live = [preCopy, ...failed].filter(({ strategy }) => strategy !== 'stop-and-copy');
        return errors('stop-and-copy') / Math.max(1, ...live.map(({ strategy }) => errors(strategy)));
      },
      explanation: [preCopy, ...failed]
        .map(
          ({ strategy, runs }) =>
            `${strategy} ${figure(medianOf(runs, ({ measurement }) => measurement.service!.during.errors))} failed, ` +
            `p95 ${figure(medianOf(runs, p95DuringMs))} ms`,
        )
        .join('; '),
    });
  },
};

export const trend26: Trend = { trend: 26, checks: [lostWhilePaused, stopAndCopyIsWorst] };
