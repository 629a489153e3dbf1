import { mebibyte } from '#proto/units';
import type { Benchmark, CompletedRun, Figure } from './bench.ts';
import { median } from '#harness/median';
import { rttMsOf, runOnce } from './bench.ts';

const repetitions = 5;
const stateRepetitions = 3;

const postCopyAboveRtt = async (link: string, driver: string): Promise<Figure> => {
  const aboveRttMs: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const run = await runOnce({
      link,
      driver,
      strategy: 'post-copy',
      guest: { ram: '256MiB', deviceState: '1MiB' },
      workload: { name: 'stress', region: '64MiB' },
    });
    aboveRttMs.push(run.measurement.downtimeMs - rttMsOf(run));
  }
  return {
    name: `downtime of post-copy above one RTT, ${link}`,
    value: median(aboveRttMs),
    unit: 'ms',
    target: { atMost: 60 },
    from: aboveRttMs.map((ms) => ms.toFixed(1)).join(', '),
  };
};

type Parts = CompletedRun['measurement']['downtime'];
const partNames = ['finalPagesMs', 'deviceStateMs', 'propagationMs', 'loadMs', 'resumeMs'] as const;

const partsText = (parts: readonly Parts[]): string =>
  partNames
    .map((name) => `${name.slice(0, -2)} ${median(parts.map((each) => each[name])).toFixed(1)}`)
    .join(', ');

/** The downtime of a strategy, link and device state, minus the time that the link takes to carry that state. */
const byPart = async (
  strategy: string,
  link: string,
  stateMiB: number,
  driver: string,
  atMost: number | null,
): Promise<Figure> => {
  const runs: CompletedRun[] = [];
  for (let repetition = 0; repetition < stateRepetitions; repetition++)
    runs.push(
      await runOnce({
        link,
        driver,
        strategy,
        guest: { ram: '512MiB', deviceState: `${stateMiB}MiB` },
        workload: { name: 'stress', region: '256MiB', dirtyRate: 131_072 },
      }),
    );
  const beyondMs = runs.map((run) => {
    const carryMs = (stateMiB * mebibyte * 8) / ((run.link.calibration?.goodputMbps ?? Number.NaN) * 1000);
    return run.measurement.downtimeMs - carryMs - rttMsOf(run) / 2;
  });
  return {
    name: `downtime of ${strategy} beyond what ${link} takes to carry ${stateMiB} MiB of device state`,
    value: median(beyondMs),
    unit: 'ms',
    target: atMost === null ? null : { atMost },
    from:
      `${runs.map(({ measurement }) => measurement.downtimeMs.toFixed(1)).join(', ')} ms; ` +
      `median by part in ms: ${partsText(runs.map(({ measurement }) => measurement.downtime))}`,
  };
};

export const downtime: Benchmark = {
  name: 'downtime',
  about: 'downtime of post-copy with 1 MiB of device state',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const link of ['coleraine-dublin-1g', 'coleraine-halifax'])
      figures.push(await postCopyAboveRtt(link, driver));
    return figures;
  },
};

/** Where the downtime goes, without the link's own share: the rest is the hosts'. */
export const downtimeParts: Benchmark = {
  name: 'downtime-parts',
  about: 'downtime by part, with 1 and 64 MiB of device state, above what the link takes to carry them',
  run: async (driver) => [
    await byPart('post-copy', 'lan-10g', 1, driver, null),
    await byPart('hybrid', 'lan-10g', 1, driver, null),
    await byPart('post-copy', 'lan-10g', 64, driver, null),
    await byPart('post-copy', 'lan-1g', 64, driver, null),
  ],
};
