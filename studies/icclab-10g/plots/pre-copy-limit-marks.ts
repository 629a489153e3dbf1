import type { RunResult, SetUp } from 'livemig/study';
import { bandwidthMbps, bytesPerMs, mebibyte, medianOf } from 'livemig/study';
import type { Style } from 'livemig/study/plots';
import { inCell } from 'livemig/study/plots';
import { hasConverged } from '../pre-copy-limit.ts';
import type { Link } from '../published.ts';
import { links, published } from '../published.ts';
import { stressedBytes } from '../stress.ts';

const { preCopyLimitStressMB } = published;

export type Kind = 'converged' | 'not converged' | 'published' | 'predicted';

export const looks: Readonly<Record<Kind, Style>> = {
  converged: { colour: 'a', shape: 'circle', dash: [], filled: true },
  'not converged': { colour: 'b', shape: 'saltire', dash: [], filled: false },
  published: { colour: 'ink', shape: 'diamond', dash: [5, 4], filled: false },
  predicted: { colour: 'soft', shape: 'triangle-down', dash: [1, 3], filled: false },
};
export const words: Readonly<Record<Kind, string>> = {
  converged: 'converged',
  'not converged': 'did not converge',
  published: 'published limit',
  predicted: 'B · D_max',
};

export interface Mark {
  link: Link;
  kind: Kind;
  stressMB: number;
  /** null = published or predicted. */
  run: RunResult | null;
}

/** A run that ended for another reason says nothing about convergence. */
const kindOf = (run: RunResult): Kind | undefined => {
  const converged = hasConverged(run);
  return converged === undefined ? undefined : converged ? 'converged' : 'not converged';
};

/** What a pre-copy can send within its downtime limit, at the calibrated goodput. */
const predictedMB = (runs: readonly RunResult[]): number | undefined => {
  const calibrated = runs.filter((run) => Number.isFinite(bandwidthMbps(run)));
  return calibrated.length === 0
    ? undefined
    : medianOf(calibrated, (run) => bytesPerMs(bandwidthMbps(run)) * run.scenario.limits.downtimeLimitMs) /
        mebibyte;
};

/**
 * Sizes are the actual ones, never the published label: the limit is an absolute size (B · D_max) and is not scaled.
 */
export const marksOf = (setUp: SetUp): Mark[] =>
  links.flatMap((link) => {
    const tried = inCell(setUp, 'pre-copy-limit', { link });
    const predicted = predictedMB(tried);
    const marks = tried.flatMap((run): Mark[] => {
      const kind = kindOf(run);
      return kind === undefined ? [] : [{ link, kind, stressMB: stressedBytes(run) / mebibyte, run }];
    });
    if (marks.length === 0) return [];
    return [
      ...marks,
      { link, kind: 'published', stressMB: preCopyLimitStressMB[link], run: null },
      ...(predicted === undefined
        ? []
        : [{ link, kind: 'predicted' as const, stressMB: predicted, run: null }]),
    ];
  });
