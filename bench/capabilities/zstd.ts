import type { Benchmark, Figure } from '../bench.ts';
import { medianTotalTimeMs } from '../bench.ts';

const repetitions = 3;
const fixed = ['', 'zstd=1', 'zstd=3'] as const;

/** The whole guest is the workload's region, whose content the scenario chooses. */
const totalTimeMs = (driver: string, link: string, content: string, capabilities: string): Promise<number> =>
  medianTotalTimeMs(repetitions, {
    driver,
    link,
    strategy: 'stop-and-copy',
    guest: { ram: '1GiB', baseFootprint: 0 },
    workload: { name: 'stress', region: '1GiB', dirtyRate: 100, content },
    warmupMs: 200,
    capabilities,
  });

const figureOf = async (driver: string, link: string, content: string): Promise<Figure> => {
  const times = new Map<string, number>();
  for (const capabilities of [...fixed, 'zstd=auto'])
    times.set(capabilities, await totalTimeMs(driver, link, content, capabilities));
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
