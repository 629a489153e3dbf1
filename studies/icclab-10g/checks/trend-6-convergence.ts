import type { Cell, Check, CompletedRun, Control, PaperRun, RunResult, Trend } from 'livemig/study';
import {
  bandwidthMbps,
  bytesPerMs,
  downtimeMs,
  everything,
  figure,
  formatBytes,
  hasFailed,
  isIn,
  medianOf,
  mostBy,
  pageSizeBytes,
  range,
  where,
} from 'livemig/study';
import type { LimitSearch } from '../pre-copy-limit.ts';
import { fittingBytes, hasConverged, limitBytes, limitSearch } from '../pre-copy-limit.ts';
import type { Link } from '../published.ts';
import { iperfMbps, linkText, published } from '../published.ts';
import { stressedBytes } from '../stress.ts';
import frozen from '../tolerances.json' with { type: 'json' };

const { rules } = frozen;

/** QEMU's default, then as now. */
const publishedDowntimeLimitMs = 300;
const publishedLimit = (link: Link): number =>
  (published.preCopyLimitStressMB[link] * 1e6) / (bytesPerMs(iperfMbps(link)) * publishedDowntimeLimitMs);

/** What was still dirty after the rounds of the runs just beyond the limit. */
const leftBeyond = ({ runs }: LimitSearch): string | null => {
  const beyond = runs.filter((run) => hasConverged(run) === false);
  const nearestBytes = Math.min(...beyond.map(stressedBytes));
  const rounds = beyond
    .filter((run) => stressedBytes(run) === nearestBytes)
    .flatMap((run) => (run.state === 'completed' ? [] : run.evidence.rounds.slice(1)));
  if (rounds.length === 0) return null;
  const dirtied = medianOf(rounds, ({ pagesDirtied }) => pagesDirtied * pageSizeBytes);
  const sent = medianOf(rounds, ({ throughputMbps }) => throughputMbps);
  return (
    `with ${formatBytes(nearestBytes)} stressed a round dirtied ${formatBytes(dirtied)} again (median), sent at ` +
    `${figure(sent)} Mb/s`
  );
};

const sidesText = ({ limits }: LimitSearch): string =>
  'largest that converged and smallest that did not, by repetition: ' +
  limits
    .map(
      (limit) =>
        `${formatBytes(limit.largestConvergedBytes)} and ${formatBytes(limit.smallestNotConvergedBytes)}`,
    )
    .join(', ');

const moreStress = (factor: number) => (run: PaperRun) => ({ stressedBytes: run.stressedBytes! * factor });

const limitOn = (id: '6a' | '6b', link: Link, control: Control): Check => ({
  id,
  statement: `Pre-copy converges up to M* ≈ B·D_max of stressed memory at ${linkText[link]} (M* over B·D_max)`,
  table: 'Fig. 1 and text',
  published: `${figure(publishedLimit(link))} × (${published.preCopyLimitStressMB[link]} MB)`,
  control,
  prepare: (need) => {
    const search = limitSearch(need, link);
    return () => ({
      statistic: (draw) => limitBytes(draw, search) / fittingBytes(draw, search),
      detail:
        `M* ${formatBytes(limitBytes(everything, search))}, B·D_max ` +
        formatBytes(fittingBytes(everything, search)),
      explanation: [sidesText(search), leftBeyond(search)].filter((text) => text !== null).join('; '),
    });
  },
});

const share = <R>(items: readonly R[], is: (item: R) => boolean): number =>
  items.filter(is).length / items.length;

/** The largest stress converges. */
const convergedFarBeyond: Control = {
  setup: 'convergence far beyond the limit',
  spoil: (runs) => {
    const far = Math.max(
      ...runs.filter((run) => isIn(run, 'pre-copy-limit')).map((run) => run.stressedBytes!),
    );
    return runs.map((run) => {
      if (run.stressedBytes !== far || run.part !== 'pre-copy-limit') return run;
      const converged = { ...run };
      delete converged.error;
      return converged;
    });
  },
};

const beyondTheLimit: Check = {
  id: '6c',
  statement: `Beyond M* pre-copy never converges: share that converges above ${rules.beyondLimitFactor} M*`,
  table: 'Fig. 1 and text',
  published: '0',
  control: convergedFarBeyond,
  prepare: (need) => {
    const searches = [limitSearch(need, '1G'), limitSearch(need, '10G')];
    const beyond = searches.flatMap((search) => {
      const limit = limitBytes(everything, search);
      return search.runs.filter((run) => stressedBytes(run) > limit * rules.beyondLimitFactor);
    });
    if (beyond.length < rules.leastRepeats)
      need.lacks(
        `${beyond.length} runs beyond ${rules.beyondLimitFactor} M*, at least ${rules.leastRepeats} needed`,
      );
    return () => {
      const converged = beyond.filter((run) => hasConverged(run) === true);
      return {
        statistic: (draw) => share(draw(beyond), (run) => hasConverged(run) === true),
        detail: `${converged.length} of ${beyond.length} runs`,
        explanation:
          converged.length === 0
            ? null
            : `converged all the same: ${converged.map((run) => formatBytes(stressedBytes(run))).join(', ')}`,
      };
    };
  },
};

const hybridParts = ['hybrid', 'hybrid-sender-cap', 'hybrid-no-redirty'] as const;
/** A sweep repeats a run that timed out, as a busy machine may be the reason. */
const mayBeChance = ({ error }: RunResult): boolean => error?.code === 'TIMEOUT';

/** One repetition of a cell with every attempt at it. */
interface Trial {
  link: unknown;
  isMigrated: boolean;
  failures: readonly RunResult[];
}

const trialsOf = (cells: readonly Cell[]): Trial[] =>
  cells.flatMap(({ runs, labels }) =>
    [...Map.groupBy(runs, ({ sweep }) => sweep?.repeat).values()].flatMap((attempts) => {
      const isCompleted = attempts.some(({ state }) => state === 'completed');
      const failures = attempts.filter((run) => hasFailed(run) && !(isCompleted && mayBeChance(run)));
      if (!isCompleted && failures.length === 0) return [];
      return [{ link: labels['link'], isMigrated: failures.length === 0, failures }];
    }),
  );

const hybridEverywhere: Check = {
  id: '6d',
  statement: 'Hybrid converges everywhere: share of runs that end with the guest migrated',
  table: 'Fig. 2, Tab. 1',
  published: '1',
  control: {
    setup: 'one hybrid migration that fails',
    spoil: where('hybrid', { link: '10G', stressMB: 1024 }, ({ repeat }) =>
      repeat === 0 ? { error: 'NOT_CONVERGED' } : {},
    ),
  },
  prepare: (need) => {
    const trials = trialsOf(hybridParts.flatMap((part) => need.cells(part, {})));
    for (const link of ['1G', '10G'])
      if (trials.filter((trial) => trial.link === link).length < rules.leastRepeats)
        need.lacks(`hybrid link=${link}: less than ${rules.leastRepeats} runs`);
    return () => {
      const failures = trials.flatMap((trial) => trial.failures);
      return {
        statistic: (draw) => share(draw(trials), ({ isMigrated }) => isMigrated),
        detail: `${trials.filter(({ isMigrated }) => isMigrated).length} of ${trials.length} runs`,
        explanation:
          failures.length === 0
            ? null
            : `failed: ${failures.map(({ error }) => `${error?.code ?? ''} (${error?.message ?? ''})`).join('; ')}`,
      };
    };
  },
};

export const trend6: Trend = {
  trend: 6,
  checks: [
    limitOn('6a', '1G', {
      setup: 'a limit at twice the stress',
      spoil: where('pre-copy-limit', { link: '1G' }, moreStress(2)),
    }),
    limitOn('6b', '10G', {
      setup: 'a limit at half the stress',
      spoil: where('pre-copy-limit', { link: '10G' }, moreStress(0.5)),
    }),
    beyondTheLimit,
    hybridEverywhere,
  ],
};

/** The converged runs nearest to the limit, one per repetition. */
const nearestConverged = ({ runs }: LimitSearch): CompletedRun[] =>
  [...Map.groupBy(runs, ({ sweep }) => sweep?.repeat).values()].flatMap((group) => {
    const converged = group.filter((run) => run.state === 'completed');
    return converged.length === 0 ? [] : [mostBy(converged, stressedBytes)];
  });

const downtimeOverLimit = (run: CompletedRun): number =>
  downtimeMs(run) / run.scenario.limits.downtimeLimitMs;

const downtimeNear = (id: '18a' | '18b', link: Link): Check => ({
  id,
  statement: `Just below M* pre-copy's downtime is about its limit at ${linkText[link]} (downtime over D_max)`,
  table: 'text',
  published: `${published.preCopyDowntimeMs.join(' to ')} ms of ${publishedDowntimeLimitMs}`,
  control: {
    setup: 'a downtime far below the limit',
    spoil: where('pre-copy-limit', { link }, () => ({ downtimeMs: 60 })),
  },
  prepare: (need) => {
    const search = limitSearch(need, link);
    const runs = nearestConverged(search);
    return () => ({
      statistic: (draw) => medianOf(draw(runs), downtimeOverLimit),
      detail: `${runs.length} runs of ${[...new Set(runs.map((run) => formatBytes(stressedBytes(run))))].join(', ')}`,
      explanation: `the pages of the last round alone take ${range(
        runs.map((run) => stressedBytes(run) / bytesPerMs(bandwidthMbps(run))),
      )} ms at the calibrated rate, if all of the region is dirty`,
    });
  },
});

export const trend18: Trend = { trend: 18, checks: [downtimeNear('18a', '1G'), downtimeNear('18b', '10G')] };
