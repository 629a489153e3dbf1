import type { Benchmark } from '../bench.ts';
import { median } from '#harness/median';
import { goodputRatio } from '../goodput.ts';

const links = [
  ['coleraine-dublin', 0.9],
  ['coleraine-halifax', 0.85],
] as const;
const streams = [1, 2, 4, 8] as const;

export const multifd: Benchmark = {
  name: 'capabilities/multifd',
  about: 'page goodput over iperf3 in the same run, by number of streams, at 10 Gb/s',
  run: async (driver) => {
    const figures = [];
    for (const [link, atLeast] of links) {
      const scaling: { count: number; ratio: number; detail: string }[] = [];
      for (const count of streams) {
        const { ratios, details } = await goodputRatio(link, driver, `multifd=${count}`);
        scaling.push({ count, ratio: median(ratios), detail: details.at(-1) ?? '' });
      }
      const best = scaling.reduce((left, right) => (right.ratio > left.ratio ? right : left));
      figures.push({
        name: `multifd: page goodput / iperf3 at the best number of streams, ${link}`,
        value: best.ratio,
        unit: '',
        target: { atLeast },
        from:
          scaling.map(({ count, ratio }) => `${count}: ${ratio.toFixed(2)}`).join(', ') +
          `; best ${best.detail}`,
      });
    }
    return figures;
  },
};
