import type { Benchmark, CompletedRun, Figure } from '../bench.ts';
import { runToAnswer } from '../bench.ts';

const repetitions = 3;

/** 1 Gb/s carries 29,000 pages/s: these rates exceed that. */
const hotspot = {
  workload: { name: 'hotspot', region: '256MiB', dirtyRate: 60_000, content: 'sparse' },
  guest: { ram: '512MiB', vcpus: 1 },
};
/**
 * QEMU's rule takes a step of 10 % every other round, so slowing down a guest that dirties ten times too much takes a
 * while.
 */
const stress = {
  workload: { name: 'stress', region: '128MiB', dirtyRate: 'flat-out' },
  guest: { ram: '512MiB', vcpus: 1 },
  limits: { maxPrecopyMs: 120_000, maxRounds: 10_000 },
};

interface Outcome {
  converged: number;
  runs: CompletedRun[];
  said: string[];
}

const outcomeOf = async (document: Record<string, unknown>): Promise<Outcome> => {
  const outcome: Outcome = { converged: 0, runs: [], said: [] };
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const run = await runToAnswer({
      link: 'lan-1g',
      strategy: 'pre-copy',
      limits: { maxPrecopyMs: 30_000, maxRounds: 10_000 },
      warmupMs: 500,
      ...document,
    });
    if (run.state === 'completed') {
      outcome.converged++;
      outcome.runs.push(run);
      const { totalTimeMs, downtimeMs, ram } = run.measurement;
      const statistics = JSON.stringify(run.measurement.capabilities);
      outcome.said.push(
        `${(totalTimeMs / 1000).toFixed(1)} s, downtime ${downtimeMs.toFixed(0)} ms, ` +
          `${(ram.transferred / 1e6).toFixed(0)} MB ${statistics}`,
      );
    } else outcome.said.push(run.error.code);
  }
  return outcome;
};

const pair = async (driver: string, name: string, guest: object): Promise<Figure[]> => {
  const plain = await outcomeOf({ driver, ...guest });
  const capable = await outcomeOf({ driver, ...guest, capabilities: name });
  return [
    {
      name: `${name}: share of pre-copies over 1 Gb/s that converge with it`,
      value: capable.converged / repetitions,
      unit: '',
      target: { atLeast: 1 },
      from: capable.said.join('; '),
    },
    {
      name: `${name}: the same without it`,
      value: plain.converged / repetitions,
      unit: '',
      target: { atMost: 0 },
      from: plain.said.join('; '),
    },
  ];
};

export const xbzrle: Benchmark = {
  name: 'capabilities/xbzrle',
  about: 'pre-copy of a hotspot guest whose pages change by at most 64 bytes, over 1 Gb/s',
  run: (driver) => pair(driver, 'xbzrle', hotspot),
};

export const autoConverge: Benchmark = {
  name: 'capabilities/auto-converge',
  about: 'pre-copy of a guest that stresses 128 MiB flat out, over 1 Gb/s',
  run: (driver) => pair(driver, 'auto-converge', stress),
};
