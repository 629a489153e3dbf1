import { pageSizeBytes } from '../../../proto/units.ts';
import type { RunResult } from '../../result.ts';
import type { Cell } from '../cells.ts';
import type { Check, Trend } from '../check.ts';
import { hasFailed } from '../outcome.ts';
import type { IcclabLink } from '../published.ts';
import { icclabIperfMbps, publishedFigures } from '../published.ts';
import type { LimitSearch } from '../pre-copy-limit.ts';
import { fittingBytes, hasConverged, limitBytes, limitSearch } from '../pre-copy-limit.ts';
import { bytesPerMs, stressedBytes } from '../quantities.ts';
import { estimateOf, everything, medianOf } from '../statistics.ts';
import { linkText } from '../stress.ts';
import { rules } from '../tolerances.ts';
import { formatBytes } from '../../format.ts';
import { figure } from '../words.ts';

/** QEMU's default, in the documents' time as now. */
const publishedDowntimeLimitMs = 300;
const publishedLimit = (link: IcclabLink): number =>
  (publishedFigures['icclab-10g'].preCopyLimitStressMB[link] * 1e6) /
  (bytesPerMs(icclabIperfMbps(link)) * publishedDowntimeLimitMs);

/** What was still dirty after the rounds of the runs next beyond the limit. */
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

const limitOn = (id: '6a' | '6b', link: IcclabLink): Check => ({
  id,
  statement: `Pre-copy converges up to M* ≈ B·D_max of stressed memory at ${linkText[link]} (M* over B·D_max)`,
  table: 'Fig. 1 and text',
  published: `${figure(publishedLimit(link))} × (${publishedFigures['icclab-10g'].preCopyLimitStressMB[link]} MB)`,
  prepare: (need) => {
    const search = limitSearch(need, link);
    return () => ({
      estimate: estimateOf((draw) => limitBytes(draw, search) / fittingBytes(draw, search), '×'),
      detail:
        `M* ${formatBytes(limitBytes(everything, search))}, B·D_max ` +
        formatBytes(fittingBytes(everything, search)),
      explanation: [sidesText(search), leftBeyond(search)].filter((text) => text !== null).join('; '),
    });
  },
});

const share = <R>(items: readonly R[], is: (item: R) => boolean): number =>
  items.filter(is).length / items.length;

const beyondTheLimit: Check = {
  id: '6c',
  statement: `Beyond M* pre-copy never converges: share that does above ${rules.beyondLimitFactor} M*`,
  table: 'Fig. 1 and text',
  published: '0',
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
        estimate: estimateOf((draw) => share(draw(beyond), (run) => hasConverged(run) === true), ''),
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
/** A sweep makes a run again that timed out, as a busy machine may be the reason. */
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
  prepare: (need) => {
    const trials = trialsOf(hybridParts.flatMap((part) => need.cells(part, {})));
    for (const link of ['1G', '10G'])
      if (trials.filter((trial) => trial.link === link).length < rules.leastRepeats)
        need.lacks(`hybrid link=${link}: less than ${rules.leastRepeats} runs`);
    return () => {
      const failures = trials.flatMap((trial) => trial.failures);
      return {
        estimate: estimateOf((draw) => share(draw(trials), ({ isMigrated }) => isMigrated), ''),
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
  experiment: 'icclab-10g',
  checks: [limitOn('6a', '1G'), limitOn('6b', '10G'), beyondTheLimit, hybridEverywhere],
};
