import { mebibyte } from '#proto/units';
import type { Benchmark, Figure } from '../bench.ts';
import { median } from '#harness/median';
import { runOnce } from '../bench.ts';

const repetitions = 3;
const footprintMib = 128;

interface Case {
  name: string;
  /** What the guest does, over 1 Gb/s, which carries 29,000 pages/s. */
  workload: { name: string; region: string; dirtyRate: number };
  plain: object;
  capable: object;
}

/**
 * The baseline is Xen's rule, which ends for a guest that doesn't converge: QEMU's would run into its limit.
 */
const endless = { name: 'stress', region: '128MiB', dirtyRate: 40_000 };
const xen = { limits: { convergence: 'xen' } };

const cases: readonly Case[] = [
  {
    name: 'cold-first, hotspot guest',
    workload: { name: 'hotspot', region: '256MiB', dirtyRate: 20_000 },
    plain: {},
    capable: { capabilities: 'cold-first' },
  },
  {
    name: 'smart-stop, stressed guest',
    workload: endless,
    plain: xen,
    capable: { limits: { convergence: 'smart-stop' } },
  },
  {
    name: 'stall of 3 s, stressed guest',
    workload: endless,
    plain: xen,
    capable: { limits: { convergence: 'stall', stallWindowMs: 3000 } },
  },
];

interface Cost {
  /** Bytes beyond one copy of what the guest had touched. */
  resentMb: number;
  downtimeMs: number;
}

const costOf = async (driver: string, { workload }: Case, change: object): Promise<Cost> => {
  const touchedMb = ((footprintMib + Number.parseInt(workload.region)) * mebibyte) / 1e6;
  const costs: Cost[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const { measurement } = await runOnce({
      driver,
      link: 'lan-1g',
      strategy: 'pre-copy',
      guest: { ram: '512MiB', baseFootprint: `${footprintMib}MiB`, vcpus: 1 },
      workload,
      ...change,
    });
    costs.push({
      resentMb: measurement.ram.transferred / 1e6 - touchedMb,
      downtimeMs: measurement.downtimeMs,
    });
  }
  return {
    resentMb: median(costs.map(({ resentMb }) => resentMb)),
    downtimeMs: median(costs.map(({ downtimeMs }) => downtimeMs)),
  };
};

const figureOf = async (driver: string, each: Case): Promise<Figure> => {
  const plain = await costOf(driver, each, each.plain);
  const capable = await costOf(driver, each, each.capable);
  const text = ({ resentMb, downtimeMs }: Cost): string =>
    `${resentMb.toFixed(0)} MB, downtime ${downtimeMs.toFixed(0)} ms`;
  return {
    name: `${each.name}: bytes sent again, over those of the plain rule`,
    value: capable.resentMb / plain.resentMb,
    unit: '',
    target: { atMost: 1 },
    from: `${text(capable)}; plain ${text(plain)}`,
  };
};

export const resends: Benchmark = {
  name: 'capabilities/resends',
  about:
    'what cold-first, smart-stop and stall save of what pre-copy sends again over 1 Gb/s, and their downtime',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const each of cases) figures.push(await figureOf(driver, each));
    return figures;
  },
};
