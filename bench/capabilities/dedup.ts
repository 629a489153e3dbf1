import type { CompletedRun, Benchmark, Figure } from '../bench.ts';
import { median } from '#harness/median';
import { runOnce } from '../bench.ts';
import { wholeRegion } from './whole-region.ts';

const repetitions = 3;

const runs = async (
  driver: string,
  link: string,
  content: string,
  capabilities: string,
): Promise<CompletedRun['measurement'][]> => {
  const measurements: CompletedRun['measurement'][] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const { measurement } = await runOnce(wholeRegion(driver, link, content, capabilities));
    measurements.push(measurement);
  }
  return measurements;
};

const figuresOf = async (driver: string, link: string, content: string): Promise<Figure[]> => {
  const plain = await runs(driver, link, content, '');
  const capable = await runs(driver, link, content, 'dedup');
  const timeMs = (of: typeof plain): number => median(of.map(({ totalTimeMs }) => totalTimeMs));
  const bytes = (of: typeof plain): number => median(of.map(({ ram }) => ram.transferred));
  const text = (of: typeof plain): string =>
    `${timeMs(of).toFixed(0)} ms and ${(bytes(of) / 1e6).toFixed(0)} MB`;
  const from = `${text(capable)}; without ${text(plain)}; ${JSON.stringify(capable[0]?.capabilities['dedup'])}`;
  return [
    {
      name: `dedup: time over time without it, ${content} memory, ${link}`,
      value: timeMs(capable) / timeMs(plain),
      unit: '',
      // Dedup saves bytes, not CPU time: if the CPU is the limit, finding repeats costs more than sending them.
      target: content === 'duplicate' ? null : { atMost: 1.05 },
      from,
    },
    {
      name: `dedup: bytes over bytes without it, ${content} memory, ${link}`,
      value: bytes(capable) / bytes(plain),
      unit: '',
      target: content === 'duplicate' ? { atMost: 0.3 } : null,
      from,
    },
  ];
};

export const dedup: Benchmark = {
  name: 'capabilities/dedup',
  about: '1 GiB of pages that are the same but for their header, and of random ones, with and without',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const link of ['lan-1g', 'lan-10g'])
      for (const content of ['duplicate', 'random'])
        figures.push(...(await figuresOf(driver, link, content)));
    return figures;
  },
};
