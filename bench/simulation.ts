import { simulate } from '#harness/simulation/simulate';
import { lawful } from '#hosts/legal-order';
import { strategyNamed, strategyNames } from '#catalogue/strategies';
import { LivemigError } from '#proto/errors';
import { mebibyte } from '#proto/units';
import type { Benchmark } from './bench.ts';

const repetitions = 25;

/** A guest of 64 MiB, half of it in use, that dirties 8 MiB/s, over 1 Gb/s at 5.5 ms. */
const guest = {
  ramBytes: 64 * mebibyte,
  vcpus: 1,
  baseFootprintBytes: 16 * mebibyte,
  deviceStateBytes: 65_536,
  prealloc: false,
  workload: {
    name: 'hotspot',
    regionBytes: 16 * mebibyte,
    dirtyRatePagesPerSecond: 2000,
    hotWriteFraction: 0.9,
    hotRegionFraction: 0.1,
    content: 'random',
    pattern: 'sequential',
  },
} as const;

/** CPU time, not elapsed time: other load on the machine doesn't count. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export const simulation: Benchmark = {
  name: 'simulation',
  about:
    'migrations of a 64 MiB guest in virtual time, verified page by page, that one core does in a minute',
  run: async () => {
    const perStrategy: string[] = [];
    let totalMs = 0;
    for (const name of strategyNames) {
      const migrate = async (seed: number): Promise<void> => {
        const strategy = lawful(strategyNamed(name));
        const { source, verified } = await simulate({ guest: { ...guest, seed }, link: { rateMbps: 1000, rttMs: 5.5 }, strategy }); // prettier-ignore
        if (source.error !== null || verified.mismatches + verified.staleReads > 0)
          throw new LivemigError(
            'INTERNAL',
            `${name} of seed ${seed} lost pages: ${source.error?.message ?? ''}`,
          );
      };
      // A first run, so that the code is compiled and the memory allocated.
      for (let seed = 1; seed <= 3; seed++) await migrate(seed);
      const fromMs = cpuMs();
      for (let seed = 1; seed <= repetitions; seed++) await migrate(seed);
      const eachMs = (cpuMs() - fromMs) / repetitions;
      totalMs += eachMs;
      perStrategy.push(`${name} ${eachMs.toFixed(1)} ms`);
    }
    return [
      {
        name: 'simulated migrations of a 64 MiB guest in a minute of CPU time',
        value: (60_000 * strategyNames.length) / totalMs,
        unit: '',
        target: { atLeast: 1000 },
        from: perStrategy.join(', '),
      },
    ];
  },
};
