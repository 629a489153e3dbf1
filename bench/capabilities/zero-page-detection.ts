import type { Benchmark } from '../bench.ts';
import { medianTotalTimeMs } from '../bench.ts';

const repetitions = 3;

/** Both have touched 512 MiB; one has 7.5 GiB more that it never touched. */
const totalTimeMs = (driver: string, ram: string): Promise<number> =>
  medianTotalTimeMs(repetitions, {
    driver,
    link: 'coleraine-dublin-1g',
    strategy: 'pre-copy',
    guest: { ram, baseFootprint: '512MiB' },
    workload: 'idle',
    warmupMs: 500,
  });

export const zeroPageDetection: Benchmark = {
  name: 'capabilities/zero-page-detection',
  about: 'an unloaded guest of 8 GiB with 0.5 GiB touched, against a guest of 0.5 GiB',
  run: async (driver) => {
    const [large, small] = [await totalTimeMs(driver, '8GiB'), await totalTimeMs(driver, '512MiB')];
    return [
      {
        name: 'zero-page-detection: time of 8 GiB with 0.5 GiB touched, over time of 0.5 GiB',
        value: large / small,
        unit: '',
        target: { atMost: 1.1 },
        from: `${large.toFixed(0)} and ${small.toFixed(0)} ms over 1 Gb/s`,
      },
    ];
  },
};
