import type { RunResult } from '../../result.ts';
import { hasConverged } from '../../trends/pre-copy-limit.ts';
import { publishedFigures } from '../../trends/published.ts';
import { bandwidthMbps, bytesPerMs, stressedBytes } from '../../trends/quantities.ts';
import { medianOf } from '../../trends/statistics.ts';
import type { Setting } from './cells.ts';
import { inCell } from './cells.ts';
import type { Link } from './hybrid-curves.ts';
import { links } from './hybrid-curves.ts';
import { bytesPerMB } from './quantities.ts';
import type { Style } from './style.ts';

const { preCopyLimitStressMB } = publishedFigures['icclab-10g'];

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
  /** null for what is published or predicted. */
  run: RunResult | null;
}

/** Sizes are the real ones, never the published label: the limit is an absolute size (B · D_max) and is not scaled. */
/** A run that something else ended says nothing of convergence. */
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
        bytesPerMB;
};

export const marksOf = (setting: Setting): Mark[] =>
  links.flatMap((link) => {
    const tried = inCell(setting, 'pre-copy-limit', { link });
    const predicted = predictedMB(tried);
    const marks = tried.flatMap((run): Mark[] => {
      const kind = kindOf(run);
      return kind === undefined ? [] : [{ link, kind, stressMB: stressedBytes(run) / bytesPerMB, run }];
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
