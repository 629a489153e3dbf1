import { setTimeout as sleep } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { connectAgent } from '#harness/control-client';
import type { RunEvent } from '#harness/run';
import { ownRun } from '#harness/run/running';
import type { ProgressEvent } from '#proto/events';
import type { MigrationStatus } from '#proto/strategy';
import { monotonicMs } from '#proto/units';
import type { Benchmark, Figure } from '../bench.ts';
import { runOnce } from '../bench.ts';

const stepMs = 2000;
/** What is already in the sockets leaves at the old rate. */
const settledMs = 500;
const ratesMbps = [200, 800, 400, 100, 600];

interface Step {
  rateMbps: number;
  fromMs: number;
  untilMs: number;
}

type Cap = 'maxBandwidthMbps' | 'maxPostcopyBandwidthMbps';

/** Sets one rate after another at the source of this process's run. */
const setRates = async (cap: Cap): Promise<Step[]> => {
  const run = await ownRun();
  const source = connectAgent('source', run.agents.source);
  const steps: Step[] = [];
  try {
    for (const rateMbps of ratesMbps) {
      await source.call('migrateSetParameters', { [cap]: rateMbps });
      const setAtMs = monotonicMs();
      await sleep(stepMs);
      steps.push({ rateMbps, fromMs: setAtMs + settledMs, untilMs: monotonicMs() });
    }
    await source.call('migrateSetParameters', { [cap]: 0 });
  } finally {
    source.close();
  }
  return steps;
};

const rateMbpsOf = (progress: readonly ProgressEvent[], { fromMs, untilMs }: Step): number => {
  const within = progress.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
  const [first, last] = [within[0]!, within.at(-1)!];
  return ((last.transferredBytes - first.transferredBytes) * 8) / 1000 / (last.atMs - first.atMs);
};

const figureOf = async (
  driver: string,
  cap: Cap,
  strategy: string,
  from: MigrationStatus,
): Promise<Figure> => {
  const progress: ProgressEvent[] = [];
  const events = new Subject<RunEvent>();
  let steps: Promise<Step[]> = Promise.resolve([]);
  events.subscribe((event) => {
    if (event.type === 'progress') progress.push(event);
    if (event.type === 'status' && event.status === from) steps = setRates(cap);
  });
  await runOnce(
    {
      driver,
      link: 'lan-1g',
      strategy,
      guest: { ram: '2GiB', baseFootprint: '2GiB' },
      workload: 'idle',
      limits: { [cap]: ratesMbps[0] },
    },
    { events },
  );
  const seen = (await steps).map((step) => ({ ...step, seenMbps: rateMbpsOf(progress, step) }));
  return {
    name: `${cap} set while it runs: farthest from what was set`,
    value: Math.max(...seen.map(({ rateMbps, seenMbps }) => Math.abs(seenMbps / rateMbps - 1))) * 100,
    unit: '%',
    target: { atMost: 5 },
    from: seen.map(({ rateMbps, seenMbps }) => `${rateMbps} Mb/s: ${seenMbps.toFixed(1)}`).join(', '),
  };
};

export const set: Benchmark = {
  name: 'capabilities/set',
  about: 'max-bandwidth and max-postcopy-bandwidth set while a migration runs, two seconds each',
  run: async (driver) => [
    await figureOf(driver, 'maxBandwidthMbps', 'stop-and-copy', 'active'),
    await figureOf(driver, 'maxPostcopyBandwidthMbps', 'post-copy', 'postcopy-active'),
  ],
};
