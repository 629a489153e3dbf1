import type { Benchmark, Figure } from '../bench.ts';
import { medianTotalTimeMs } from '../bench.ts';

const repetitions = 3;

const totalTimeMs = (driver: string, link: string, capabilities: string): Promise<number> =>
  medianTotalTimeMs(repetitions, {
    driver,
    link,
    strategy: 'stop-and-copy',
    guest: { ram: '1GiB', baseFootprint: '1GiB' },
    workload: 'idle',
    warmupMs: 200,
    capabilities,
  });

export const tls: Benchmark = {
  name: 'capabilities/tls',
  about: '1 GiB of random pages with and without mutual TLS',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const link of ['lan-1g', 'lan-10g']) {
      const plain = await totalTimeMs(driver, link, '');
      const secured = await totalTimeMs(driver, link, 'tls');
      figures.push({
        name: `tls: time over that without, ${link}`,
        value: secured / plain,
        unit: '',
        target: null,
        from: `${plain.toFixed(0)} ms without, ${secured.toFixed(0)} ms with`,
      });
    }
    return figures;
  },
};
