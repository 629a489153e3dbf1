import type { Check, Trend } from 'livemig/study';
import { everything, medianOf, seconds, slower, totalTimeMs, where } from 'livemig/study';

const quickEnough: Check = {
  id: '1a',
  statement: 'An idle guest of 256 MB moves in two seconds',
  table: 'Tab. 1',
  published: '1.9 s',
  control: { setup: 'a slow migration', spoil: where('idle', { ramMB: 256 }, slower(10)) },
  prepare: (need) => {
    const runs = need.cell('idle', { ramMB: 256 });
    return () => ({
      statistic: (draw) => medianOf(draw(runs), totalTimeMs) / 1000,
      explanation: `median ${seconds(medianOf(everything(runs), totalTimeMs))}`,
    });
  },
};

export const trend1: Trend = { trend: 1, checks: [quickEnough] };
