import type { Benchmark } from './bench.ts';
import { median, rttMsOf, runOnce } from './bench.ts';

const repetitions = 5;

export const downtime: Benchmark = {
  name: 'downtime',
  about: 'downtime of post-copy with 1 MiB of device state',
  run: async (driver) => {
    const figures = [];
    for (const link of ['coleraine-dublin-1g', 'coleraine-halifax']) {
      const aboveRttMs: number[] = [];
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const run = await runOnce({
          link,
          driver,
          strategy: 'post-copy',
          guest: { ram: '256MiB', deviceState: '1MiB' },
          workload: { name: 'stress', region: '64MiB' },
        });
        aboveRttMs.push(run.measurement.downtimeMs - rttMsOf(run));
      }
      figures.push({
        name: `downtime of post-copy above one RTT, ${link}`,
        value: median(aboveRttMs),
        unit: 'ms',
        target: { atMost: 60 },
        from: aboveRttMs.map((ms) => ms.toFixed(1)).join(', '),
      });
    }
    return figures;
  },
};
