import { published as icclab } from '../../studies/icclab-10g/published.ts';
import type { Flavour } from '../../studies/ulster-wan/published.ts';
import { flavours, ramMBOf } from '../../studies/ulster-wan/published.ts';
import type { CompletedRun, RunResult, SweepOfRun } from '#harness/result';
import { endedResult, startRecord } from '#harness/run/record';
import { LivemigError } from '#proto/errors';
import { completedPaperResult } from './paper-result.ts';
import { scriptedScenario } from './scripted-testbed.ts';
import { calibrationOf } from '#harness/trends/paper-link';
import { syntheticSeries } from './synthetic-series.ts';

/**
 * Result sets of the two experiments as an ideal testbed would leave them: calculated from the link's rate, never
 * measured. For tests of code that reads result sets; their figures say nothing about livemig.
 */

const MB = 1024 ** 2;

export interface SyntheticCell {
  experiment: 'icclab-10g' | 'ulster-wan';
  part: string;
  cell: SweepOfRun['cell'];
  repeat: number;
  guestScale: number;
  link: { profile: string; mbps: number; rttMs: number };
  strategy: RunResult['strategy'];
  ramMB: number;
  stressMB: number;
  sentMB: number;
  downtimeMs: number;
}

/** Repetitions differ by a percent or so, depending only on their position. */
const jitter = (repeat: number, salt: number): number => 1 + (((repeat * 7 + salt * 13) % 9) - 4) / 250;

const baseOf = ({ part, cell, repeat }: Pick<SyntheticCell, 'part' | 'cell' | 'repeat'>): string =>
  `${part}-${Object.values(cell).join('-')}-${repeat}`;

const settingOf = (synthetic: SyntheticCell, order: number) => {
  const { experiment, part, cell, repeat, guestScale, link, strategy, ramMB, stressMB } = synthetic;
  return {
    runId: baseOf(synthetic),
    startedAt: new Date(Date.UTC(2026, 10, 20, 9) + order * 12_000).toISOString(),
    driver: 'netns' as const,
    strategy,
    scenario: {
      ...scriptedScenario,
      name: experiment,
      link: link.profile,
      strategy,
      guest: { ...scriptedScenario.guest, ramBytes: ramMB * MB },
      workload: { ...scriptedScenario.workload, name: 'stress' as const, regionBytes: stressMB * MB },
    },
    link: calibrationOf(link),
    sweep: {
      sweepId: 'synthetic', name: experiment, experiment, guestScale, part, cell, repeat, order,
    }, // prettier-ignore
  };
};

const syntheticRun = (synthetic: SyntheticCell, order: number): CompletedRun => {
  const { link, sentMB, repeat, downtimeMs } = synthetic;
  const paper = completedPaperResult() as CompletedRun;
  const wireBytes = sentMB * MB * 1.04 * jitter(repeat, 1);
  const totalTimeMs = (150 + 4 * link.rttMs + (wireBytes * 8) / 1000 / link.mbps) * jitter(repeat, 2);
  return {
    ...paper,
    ...settingOf(synthetic, order),
    measurement: {
      ...paper.measurement,
      totalTimeMs,
      downtimeMs: downtimeMs * jitter(repeat, 3),
      downtimeStartMs: totalTimeMs * 0.5,
      ram: { ...paper.measurement.ram, transferred: wireBytes / 1.04 },
      pageGoodputMbps: (wireBytes * 8) / 1040 / (totalTimeMs - paper.measurement.setupTimeMs),
      wire: { ...paper.measurement.wire, sourceToDestinationBytes: wireBytes },
      ...syntheticSeries(totalTimeMs, downtimeMs, wireBytes, link),
    },
  };
};

/** A run that ended without numbers. */
export const syntheticFailure = (
  synthetic: SyntheticCell,
  order: number,
  code: 'NOT_CONVERGED' | 'LINK_OUT_OF_TOLERANCE' | 'TIMEOUT' = 'NOT_CONVERGED',
  message = 'pre-copy reached its bound without converging',
): RunResult => ({
  ...endedResult(startRecord(scriptedScenario), new LivemigError(code, message)),
  ...settingOf(synthetic, order),
});

const lans = {
  '1G': { profile: 'lan-1g', mbps: 941, rttMs: 0.4 },
  '10G': { profile: 'lan-10g', mbps: 8600, rttMs: 0.4 },
} as const;

const repeats = [0, 1, 2] as const;

const hybridCells = (guestScale: number): SyntheticCell[] =>
  (['1G', '10G'] as const).flatMap((link) =>
    icclab.hybridTotalTime.stressMB.flatMap((stressMB) =>
      repeats.flatMap((repeat) => {
        const scaled = stressMB * guestScale;
        const common = {
          experiment: 'icclab-10g', repeat, guestScale, strategy: 'hybrid', ramMB: 10_240 * guestScale,
          cell: { link, stressMB }, link: lans[link], stressMB: scaled, downtimeMs: 42,
        } as const; // prettier-ignore
        const base = 600 * guestScale;
        const cells: SyntheticCell[] = [{ ...common, part: 'hybrid', sentMB: base + 2 * scaled }];
        if (link === '1G') cells.push({ ...common, part: 'hybrid-no-redirty', sentMB: base + scaled });
        else
          cells.push({
            ...common,
            part: 'hybrid-sender-cap',
            sentMB: base + 2 * scaled,
            link: { ...lans[link], mbps: 4400 },
          });
        return cells;
      }),
    ),
  );

/** What a bisection tries, around `limitMB`. */
const limitCells = (link: '1G' | '10G', limitMB: number): SyntheticCell[] =>
  [0.25, 4, 1, 2, 1.4, 1.2].map((factor) => ({
    experiment: 'icclab-10g', part: 'pre-copy-limit', cell: { link, stressMB: Math.round(limitMB * factor) },
    repeat: 0, guestScale: 1 / 16, link: lans[link], strategy: "pre-copy", ramMB: 1024,
    stressMB: Math.round(limitMB * factor), sentMB: 300 + limitMB * factor * 3, downtimeMs: 290,
  })); // prettier-ignore

/** All of icclab-10g: every part, three repetitions, a bisection, and one run that failed because of its link. */
export const syntheticIcclab = (guestScale = 1 / 16): RunResult[] => {
  let order = 0;
  const hybrid = hybridCells(guestScale).map((cell) => syntheticRun(cell, order++));
  const limits = (['1G', '10G'] as const).flatMap((link) => {
    const limitMB = link === '1G' ? 34 : 310;
    return limitCells(link, limitMB).map((cell) =>
      cell.stressMB <= limitMB * 1.2 ? syntheticRun(cell, order++) : syntheticFailure(cell, order++),
    );
  });
  return [...hybrid, ...limits];
};

const wans = {
  dublin: { measured: { profile: 'coleraine-dublin-7g', mbps: 6500, rttMs: 5.5 }, '10G': { profile: 'coleraine-dublin', mbps: 8500, rttMs: 5.5 } },
  halifax: { measured: { profile: 'coleraine-halifax-3g', mbps: 2700, rttMs: 52.5 }, '10G': { profile: 'coleraine-halifax', mbps: 6900, rttMs: 52.5 } },
} as const; // prettier-ignore

const flavourCells = (
  guestScale: number,
  of: (flavour: Flavour, ramMB: number, load: 'unloaded' | 'loaded', repeat: number) => SyntheticCell[],
): SyntheticCell[] =>
  flavours.flatMap((flavour) =>
    (['unloaded', 'loaded'] as const).flatMap((load) =>
      repeats.flatMap((repeat) => of(flavour, ramMBOf(flavour) * guestScale, load, repeat)),
    ),
  );

const mechanismShare = {
  baseline: { unloaded: 1, loaded: 1 },
  hybrid: { unloaded: 1, loaded: 1.75 },
  'no-dirty-bitmap': { unloaded: 2, loaded: 2 },
  'uniform-pages': { unloaded: 1, loaded: 0.3 },
  both: { unloaded: 2, loaded: 0.6 },
} as const;

/** All of ulster-wan: every flavour, link, rate, load and mechanism, three repetitions. */
export const syntheticUlster = (guestScale = 1 / 16): RunResult[] => {
  const cells = flavourCells(guestScale, (flavour, ramMB, load, repeat) => {
    const common = { experiment: 'ulster-wan', repeat, guestScale, ramMB, stressMB: ramMB * 0.75 } as const;
    const postCopy = (['dublin', 'halifax'] as const).flatMap((link) =>
      (['measured', '10G'] as const).map((rate): SyntheticCell => ({
        ...common, part: 'post-copy', cell: { link, rate, flavour, load }, link: wans[link][rate],
        strategy: 'post-copy', sentMB: ramMB * (load === 'loaded' ? 0.85 : 0.12),
        downtimeMs: 30 + wans[link][rate].rttMs * 2,
      })),
    ); // prettier-ignore
    const blocking = (['dublin', 'halifax'] as const)
      .filter(() => load === 'loaded')
      .map((link): SyntheticCell => ({
        ...common, part: 'blocking-faults', cell: { link, rate: 'measured', flavour, load },
        link: { ...wans[link].measured, mbps: wans[link].measured.mbps * 0.12 }, strategy: 'post-copy',
        sentMB: ramMB * 0.85, downtimeMs: 30 + wans[link].measured.rttMs * 2,
      })); // prettier-ignore
    const mechanisms = Object.entries(mechanismShare).map(([mechanism, share]): SyntheticCell => ({
      ...common, part: 'data-table', cell: { flavour, load, mechanism }, link: wans.dublin.measured,
      strategy: 'hybrid', sentMB: ramMB * share[load], downtimeMs: 45,
    })); // prettier-ignore
    return [...postCopy, ...blocking, ...mechanisms];
  });
  return cells.map((cell, order) => syntheticRun(cell, 1000 + order));
};
