import type { Benchmark, Figure } from '../bench.ts';
import { medianTotalTimeMs } from '../bench.ts';
import { wholeRegion } from './whole-region.ts';

const repetitions = 3;
const fixed = ['', 'zstd=1', 'zstd=3'] as const;

const figureOf = async (driver: string, link: string, content: string): Promise<Figure> => {
  const times = new Map<string, number>();
  for (const capabilities of [...fixed, 'zstd=auto'])
    times.set(
      capabilities,
      await medianTotalTimeMs(repetitions, wholeRegion(driver, link, content, capabilities)),
    );
  const best = Math.min(...fixed.map((name) => times.get(name)!));
  return {
    name: `zstd=auto: time over that of the best fixed choice, ${content} memory, ${link}`,
    value: times.get('zstd=auto')! / best,
    unit: '',
    target: { atMost: 1.05 },
    from: [...times].map(([name, ms]) => `${name === '' ? 'raw' : name} ${ms.toFixed(0)} ms`).join(', '),
  };
};

export const zstd: Benchmark = {
  name: 'capabilities/zstd',
  about: '1 GiB raw, at two levels and with the level chosen by measured speed, ratio and bandwidth',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const link of ['lan-1g', 'lan-10g'])
      for (const content of ['compressible', 'random']) figures.push(await figureOf(driver, link, content));
    return figures;
  },
};
