import { readPatternNames } from '#catalogue/read-patterns';
import type { Benchmark, Figure } from '../bench.ts';
import { runOnce } from '../bench.ts';

const orders = ['none', 'forward', 'bubbling', 'growing'] as const;

/** How long the reader stood still after the switchover, in ms. */
const stallMs = async (driver: string, pattern: string, order: string): Promise<number> => {
  const { measurement } = await runOnce({
    driver,
    link: 'coleraine-halifax',
    strategy: 'post-copy',
    // Large, so that the push takes many times what a fault does.
    guest: { ram: '4GiB', baseFootprint: '512MiB' },
    workload: { name: 'read', region: '3GiB', dirtyRate: 20_000, pattern },
    // Until a sequential reader is in the middle: near the beginning, any push from page 0 would soon catch up.
    warmupMs: 15_000,
    capabilities: `prepaging=${order}`,
  });
  return measurement.faults.vcpuBlocktimeMs.reduce((sum, ms) => sum + ms, 0);
};

const figureOf = async (driver: string, pattern: string): Promise<Figure> => {
  const stalls = new Map<string, number>();
  for (const order of orders) stalls.set(order, await stallMs(driver, pattern, order));
  return {
    name: `prepaging=bubbling: stall without prepaging over stall with it, ${pattern} reader, coleraine-halifax`,
    value: stalls.get('none')! / stalls.get('bubbling')!,
    unit: '×',
    target: { atLeast: pattern === 'sequential' ? 10 : 1 },
    from: [...stalls].map(([order, ms]) => `${order} ${ms.toFixed(0)} ms`).join(', '),
  };
};

export const prepaging: Benchmark = {
  name: 'capabilities/prepaging',
  about: 'stall time after the switchover over Halifax, by reader and order of the push',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const pattern of readPatternNames) figures.push(await figureOf(driver, pattern));
    return figures;
  },
};
