import type { PaperRun } from 'livemig/study';
import { mebibyte, physicalTimeMs, repeated } from 'livemig/study';
import { orchestrationMs } from './eras.ts';
import type { Kind, Network } from './published.ts';
import { kinds, linkMbps, networks, published, stressRows, trafficS } from './published.ts';

/** Synthetic runs to test the checks on: ideal ones, and the document's tables. */

interface Physics {
  /** Time of a migration that isn't bytes, by part. */
  fixedMs: (part: string) => number;
  /** How much longer bytes take beside traffic that fills the link. */
  busyFactor: number;
}

const link = { profile: 'lan-930m', mbps: linkMbps, rttMs: 0.2 };
/** What an unstressed guest sends: memory, and with BLM its disk. */
const footprintBytes: Readonly<Record<Kind, number>> = { lm: 880e6, blm: 980e6 };
/** LM sends what is stressed about twice as long as it converges. */
const sentTimes: Readonly<Record<Kind, number>> = { lm: 3, blm: 1 };

const busyTraffic = {
  kind: 'ping' as const,
  offeredMbps: 930,
  beforeMbps: 930,
  duringMbps: 450,
  afterMbps: 930,
};

const run = (
  part: string,
  kind: Kind,
  cell: PaperRun['cell'],
  physics: Physics,
  at: { stressMB: number; factor: number; fails?: boolean },
): PaperRun[] => {
  const stressedBytes = at.stressMB * mebibyte;
  const bytes = footprintBytes[kind] + sentTimes[kind] * stressedBytes;
  const byteTimeMs = physicalTimeMs(0, link.rttMs, bytes, link.mbps) * at.factor;
  const fixedMs = physics.fixedMs(part);
  return repeated({
    part,
    cell,
    link,
    strategy: kind === 'lm' ? 'pre-copy' : 'stop-and-copy',
    stressedBytes,
    totalTimeMs: fixedMs + byteTimeMs,
    setupTimeMs: fixedMs,
    downtimeMs: kind === 'lm' ? 300 : byteTimeMs,
    transferredBytes: bytes,
    ...(at.factor > 1 ? { traffic: busyTraffic } : {}),
    ...(at.fails === true ? { error: 'NOT_CONVERGED' as const } : {}),
  });
};

const physicalRuns = (physics: Physics): PaperRun[] => {
  const factorOf = (network: Network): number => (network === 'busy' ? physics.busyFactor : 1);
  return [
    ...kinds.flatMap((kind) =>
      networks.flatMap((network) =>
        stressRows(kind, network).flatMap(({ stressMB }) =>
          run(kind, kind, { network, stressMB }, physics, {
            stressMB,
            factor: factorOf(network),
            fails: kind === 'lm' && network === 'busy' && stressMB > 48,
          }),
        ),
      ),
    ),
    ...[0, 96].flatMap((stressMB) =>
      run('blm-live', 'lm', { network: 'idle', stressMB }, physics, { stressMB, factor: 1 }),
    ),
    ...run('blm-small', 'blm', { network: 'idle', stressMB: 96 }, physics, { stressMB: 96, factor: 1 }),
    ...kinds.flatMap((kind) =>
      published.networkTraffic.trafficMbps.flatMap((trafficMbps) =>
        run(`${kind}-traffic`, kind, { trafficMbps }, physics, {
          stressMB: 0,
          // Below half of the link the traffic leaves what it doesn't take; above that, each gets its share.
          factor: Math.min(physics.busyFactor, link.mbps / Math.max(1, link.mbps - trafficMbps)),
        }),
      ),
    ),
  ];
};

/** CPU load adds as much to both: it slows what isn't bytes. */
const cpuRuns = (timeS: (kind: Kind, cpu: 'idle' | 'loaded') => number): PaperRun[] =>
  kinds.flatMap((kind) =>
    (['idle', 'loaded'] as const).flatMap((cpu) =>
      repeated({
        part: `${kind}-cpu`,
        cell: { cpu },
        link,
        strategy: kind === 'lm' ? 'pre-copy' : 'stop-and-copy',
        totalTimeMs: timeS(kind, cpu) * 1000,
        downtimeMs: 300,
        transferredBytes: footprintBytes[kind],
      }),
    ),
  );

/** As much fixed time as makes all of the document's ratios possible at once. */
export const holdingRuns = (): PaperRun[] => [
  ...physicalRuns({
    fixedMs: (part) => (part.endsWith('-traffic') ? 24_000 : part === 'lm' ? 12_000 : 5000),
    busyFactor: 1.92,
  }),
  ...cpuRuns((kind, cpu) => (kind === 'lm' ? 15 : 22.5) + (cpu === 'loaded' ? 3 : 0)),
];

/** As an agent without orchestration does it. */
export const runsWithoutSoftware = (): PaperRun[] => physicalRuns({ fixedMs: () => 50, busyFactor: 1.65 });

/** The document's tables as runs. */
export const publishedRuns = (): PaperRun[] => [
  ...cpuRuns((kind, cpu) => published.cpuLoad[kind === 'lm' ? 'LM' : 'BLM'][cpu]),
  ...kinds.flatMap((kind) =>
    networks.flatMap((network) =>
      stressRows(kind, network).flatMap(({ stressMB, seconds }) =>
        publishedRun(kind, kind, { network, stressMB }, seconds),
      ),
    ),
  ),
  ...publishedRun(
    'blm-small',
    'blm',
    { network: 'idle', stressMB: 96 },
    stressRows('blm', 'idle').find(({ stressMB }) => stressMB === 96)!.seconds,
  ),
  ...kinds.flatMap((kind) =>
    published.networkTraffic.trafficMbps.flatMap((trafficMbps) =>
      publishedRun(`${kind}-traffic`, kind, { trafficMbps }, trafficS(kind, trafficMbps)),
    ),
  ),
];

const publishedRun = (
  part: string,
  kind: Kind,
  cell: PaperRun['cell'],
  seconds: number | null,
): PaperRun[] => {
  const stressMB = Number(cell['stressMB'] ?? 0);
  const totalTimeMs = (seconds ?? 60) * 1000;
  return repeated({
    part,
    cell,
    link,
    strategy: kind === 'lm' ? 'pre-copy' : 'stop-and-copy',
    stressedBytes: stressMB * mebibyte,
    totalTimeMs,
    setupTimeMs: orchestrationMs(part),
    // With nova's flags of the time BLM wasn't live: all but the orchestration is downtime.
    downtimeMs: kind === 'lm' ? 300 : totalTimeMs - orchestrationMs(part),
    transferredBytes: 1e9,
    ...(seconds === null ? { error: 'NOT_CONVERGED' as const } : {}),
  });
};
