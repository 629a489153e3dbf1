import { gibibyte } from '#proto/units';
import type { Benchmark, Figure } from './bench.ts';
import { median } from '#harness/median';
import { runOnce } from './bench.ts';
import { iperf3 } from './iperf3.ts';

const repetitions = 3;
const guestBytes = 2 * gibibyte;

/** Links, with the target for page goodput as a share of iperf3's. */
const links = [
  ['coleraine-dublin-1g', 0.95],
  ['coleraine-halifax-1g', 0.95],
  ['coleraine-dublin', 0.75],
  ['coleraine-halifax', 0.7],
] as const;

/** All pages of an idle guest, with random content and in one pass. */
export const idleGuest = (link: string, driver: string, capabilities = ''): Record<string, unknown> => ({
  link,
  driver,
  strategy: 'stop-and-copy',
  guest: { ram: guestBytes, baseFootprint: guestBytes },
  workload: { name: 'idle' },
  warmupMs: 200,
  capabilities,
});

/** Page goodput over iperf3's, by repetition, with the two figures. */
export interface GoodputRatio {
  ratios: number[];
  details: string[];
}

/** @param capabilities of the migration, as `--cap` takes them. */
export const goodputRatio = async (
  link: string,
  driver: string,
  capabilities: string,
): Promise<GoodputRatio> => {
  const ratios: number[] = [];
  const details: string[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    let peerMbps = Number.NaN;
    const { measurement } = await runOnce(idleGuest(link, driver, capabilities), {
      onCalibrated: async (testbed) => {
        peerMbps = await iperf3(testbed, guestBytes);
      },
    });
    const { ram, totalTimeMs, setupTimeMs, cpu } = measurement;
    const goodputMbps = (ram.normal * 4096 * 8) / (totalTimeMs - setupTimeMs) / 1000;
    ratios.push(goodputMbps / peerMbps);
    const busy = Object.entries(cpu).map(
      ([host, { agentS }]) => `${host} ${agentS?.toFixed(1) ?? 'not measured'}`,
    );
    details.push(`${goodputMbps.toFixed(0)}/${peerMbps.toFixed(0)} Mb/s (CPU s: ${busy.join(', ')})`);
  }
  return { ratios, details };
};

const measure = async (link: string, driver: string, atLeast: number): Promise<Figure> => {
  const { ratios, details } = await goodputRatio(link, driver, '');
  return {
    name: `page goodput / iperf3, 2 GiB of random pages, ${link}`,
    value: median(ratios),
    unit: '',
    target: { atLeast },
    from: details.join('; '),
  };
};

export const goodput: Benchmark = {
  name: 'goodput',
  about: 'page goodput against iperf3 with as many bytes, in the same testbed, just before',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const [link, atLeast] of links) figures.push(await measure(link, driver, atLeast));
    return figures;
  },
};
