import type { Benchmark, Figure } from '../bench.ts';
import { runOnce } from '../bench.ts';

const links = [
  'coleraine-dublin-1g',
  'coleraine-dublin',
  'coleraine-halifax-1g',
  'coleraine-halifax',
] as const;

const faultsOf = async (driver: string, link: string, capabilities: string) => {
  const { measurement } = await runOnce({
    driver,
    link,
    strategy: 'post-copy',
    guest: { ram: '1GiB', baseFootprint: 0 },
    workload: {
      name: 'hotspot',
      region: '1GiB',
      dirtyRate: 5000,
      hotWriteFraction: 0.5,
      hotRegionFraction: 1,
    },
    capabilities,
  });
  const { p50Us, p99Us, count } = measurement.faults;
  return { p50Ms: (p50Us ?? NaN) / 1000, p99Ms: (p99Us ?? NaN) / 1000, count };
};

const figureOf = async (driver: string, link: string): Promise<Figure> => {
  const on = await faultsOf(driver, link, 'postcopy-preempt');
  const off = await faultsOf(driver, link, 'postcopy-preempt=off');
  const text = ({ p50Ms, p99Ms, count }: typeof on): string =>
    `p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)} ms of ${count}`;
  return {
    name: `postcopy-preempt: median fault under full push, over the same without, ${link}`,
    value: on.p50Ms / off.p50Ms,
    unit: '',
    target: { atMost: 1 },
    from: `on: ${text(on)}; off: ${text(off)}`,
  };
};

export const postcopyPreempt: Benchmark = {
  name: 'capabilities/postcopy-preempt',
  about: 'fault latency under full push, with and without a connection of their own',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const link of links) figures.push(await figureOf(driver, link));
    return figures;
  },
};
