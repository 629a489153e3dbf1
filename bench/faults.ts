import type { Benchmark, CompletedRun, Figure } from './bench.ts';
import { rttMsOf, runOnce } from './bench.ts';

const link = 'coleraine-dublin-1g';

/** A guest that touches pages at random: each first touch after the switchover is a demand fault. */
const scenario = (
  driver: string,
  ram: string,
  region: string,
  pushDelayMs: number,
): Record<string, unknown> => ({
  link,
  driver,
  strategy: 'post-copy',
  guest: { ram, baseFootprint: 0 },
  workload: { name: 'hotspot', region, dirtyRate: 5000, hotWriteFraction: 0.5, hotRegionFraction: 1 },
  limits: { postcopyPushDelayMs: pushDelayMs },
});

const figuresOf = (run: CompletedRun, what: string, p50: number, p99: number): Figure[] => {
  const { faults } = run.measurement;
  const rttMs = rttMsOf(run);
  const aboveRttMs = (us: number | null): number => (us ?? Number.NaN) / 1000 - rttMs;
  const from = `${faults.count} faults, RTT ${rttMs.toFixed(2)} ms`;
  return [
    {
      name: `demand-fault latency above RTT, median, ${what}`,
      value: aboveRttMs(faults.p50Us),
      unit: 'ms',
      target: { atMost: p50 },
      from,
    },
    {
      name: `demand-fault latency above RTT, p99, ${what}`,
      value: aboveRttMs(faults.p99Us),
      unit: 'ms',
      target: { atMost: p99 },
      from,
    },
  ];
};

export const faults: Benchmark = {
  name: 'faults',
  about: `demand-fault latency over ${link}`,
  run: async (driver) => [
    // 1,024 pages fault in one RTT each, so the push starts when the guest has everything it touches.
    ...figuresOf(await runOnce(scenario(driver, '64MiB', '4MiB', 12_000)), 'no push', 1, 3),
    ...figuresOf(await runOnce(scenario(driver, '1GiB', '1GiB', 0)), 'push at full rate', 2, 10),
  ],
};
