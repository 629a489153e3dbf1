import { Subject } from 'rxjs';
import type { RunEvent } from '#harness/run';
import { runScenario } from '#harness/run';
import { cutLink } from '#harness/run/cut';
import { ownRun } from '#harness/run/running';
import type { RunResult } from '#harness/result';
import { loadScenario } from '#harness/scenario';
import type { MigrationStatus } from '#proto/strategy';
import type { Benchmark, Figure } from '../bench.ts';

const cutsMs = [1000, 5000, 30_000];
const phases: readonly (readonly [string, MigrationStatus])[] = [
  ['stop-and-copy', 'device'],
  ['pre-copy', 'active'],
  ['pre-copy', 'device'],
  ['post-copy', 'device'],
  ['post-copy', 'postcopy-active'],
  ['hybrid', 'active'],
  ['hybrid', 'device'],
  ['hybrid', 'postcopy-active'],
];

const runWithCut = async (
  driver: string,
  strategy: string,
  status: MigrationStatus,
  durationMs: number,
): Promise<RunResult> => {
  const scenario = await loadScenario(undefined, {
    driver,
    link: 'coleraine-dublin-1g',
    strategy,
    guest: { ram: '512MiB', baseFootprint: '256MiB' },
    workload: { name: 'stress', region: '64MiB', dirtyRate: 20_000 },
  });
  const events = new Subject<RunEvent>();
  let cutting: Promise<void> = Promise.resolve();
  let isCut = false;
  events.subscribe((event) => {
    if (event.type !== 'status' || event.status !== status || isCut) return;
    isCut = true;
    cutting = ownRun().then((run) => cutLink(run, durationMs));
  });
  const result = await runScenario(scenario, { events });
  await cutting;
  return result;
};

/** The guest has moved, or is still where it was, and is intact. */
const isSound = (result: RunResult): boolean =>
  result.integrity !== null &&
  result.integrity.mismatches === 0 &&
  result.integrity.staleReads === 0 &&
  (result.integrity.host === 'destination' || result.state === 'failed');

const outcomeText = ({ state, integrity, measurement, error }: RunResult): string => {
  const guest = `${state}, guest whole at the ${integrity?.host ?? 'UNKNOWN'}`;
  if (measurement === null) return `${guest}: ${error.message}`;
  const stallMs = measurement.faults.vcpuBlocktimeMs.reduce((sum, ms) => sum + ms, 0);
  const recoveries = measurement.recoveries.map(({ pausedMs, recoveredMs, pagesLost }) =>
    recoveredMs === null
      ? 'never recovered'
      : `recovered ${((recoveredMs - pausedMs) / 1000).toFixed(1)} s after it noticed, ${pagesLost} pages lost`,
  );
  const took = `${measurement.totalTimeMs.toFixed(0)} ms in all, downtime ${measurement.downtimeMs.toFixed(0)} ms`;
  return [guest, took, `vCPUs waited ${stallMs.toFixed(0)} ms for pages`, ...recoveries].join(', ');
};

export const recover: Benchmark = {
  name: 'capabilities/recover',
  about: 'the link is cut for 1, 5 and 30 s in every phase of every strategy; quarter of an hour',
  run: async (driver) => {
    const figures: Figure[] = [];
    for (const [strategy, status] of phases)
      for (const durationMs of cutsMs) {
        const result = await runWithCut(driver, strategy, status, durationMs);
        figures.push({
          name: `${strategy}, cut for ${durationMs / 1000} s in ${status}: guests that are not whole`,
          value: isSound(result) ? 0 : 1,
          unit: '',
          target: { atMost: 0 },
          from: outcomeText(result),
        });
      }
    return figures;
  },
};
