import type { CheckId } from '../../harness/trends/tolerances.ts';
import { physicalRuns } from './physical-model.ts';
import type { PaperRun } from './trend-runs.ts';

/**
 * A result set on which every check holds, and for each check the set-up that must make it fail. The overhead is about
 * the documents' own, as two of their trends come from nothing else.
 */
const like = { fixedMs: 12_100, goodputShare: 1 };
export const holdingRuns = (): PaperRun[] => physicalRuns(like);

type Wanted = Readonly<Record<string, string | number>>;
const isIn = (run: PaperRun, part: string, labels: Wanted = {}): boolean =>
  run.part === part && Object.entries(labels).every(([axis, value]) => run.cell[axis] === value);

/** Changes the runs of one part, or of some of its cells. */
const where =
  (part: string, labels: Wanted, change: (run: PaperRun) => Partial<PaperRun>) =>
  (runs: readonly PaperRun[]): PaperRun[] =>
    runs.map((run) => (isIn(run, part, labels) ? { ...run, ...change(run) } : run));

/** Gives a part the figures of another one's cells of the same labels. */
const asIn =
  (part: string, labels: Wanted, other: string, otherLabels: Wanted = labels) =>
  (runs: readonly PaperRun[]): PaperRun[] =>
    where(part, labels, (run) => {
      const cell = { ...run.cell, ...otherLabels };
      const model = runs.find((each) => isIn(each, other, cell) && each.repeat === run.repeat)!;
      const { totalTimeMs, downtimeMs, transferredBytes } = model;
      return { totalTimeMs, downtimeMs, transferredBytes };
    })(runs);

const slower = (factor: number) => (run: PaperRun) => ({ totalTimeMs: run.totalTimeMs * factor });
const longerPause = (ms: number) => (run: PaperRun) => ({ downtimeMs: run.downtimeMs + ms });
const moreStress = (factor: number) => (run: PaperRun) => ({ stressedBytes: run.stressedBytes! * factor });
const withoutOverhead = (): PaperRun[] => physicalRuns({ ...like, fixedMs: 300 });
const largestStress = { stressMB: 8192 };

export const negativeControls: Readonly<
  Record<Exclude<CheckId, '11a'>, { setup: string; spoil: (runs: readonly PaperRun[]) => PaperRun[] }>
> = {
  '1a': { setup: 'one cell far off the line', spoil: where('hybrid', { link: '1G', stressMB: 4096 }, slower(1.6)) },
  '1b': { setup: 'one cell far off the line', spoil: where('hybrid', { link: '10G', stressMB: 4096 }, slower(2)) },
  '2a': { setup: 'a guest that dirties nothing again', spoil: asIn('hybrid', { link: '1G' }, 'hybrid-no-redirty') },
  '2b': { setup: 'a control that dirties after all', spoil: asIn('hybrid-no-redirty', { link: '1G' }, 'hybrid') },
  '3a': { setup: 'a cap that caps nothing', spoil: asIn('hybrid-sender-cap', { link: '10G' }, 'hybrid') },
  '3b': { setup: 'a cap that should not be there', spoil: asIn('hybrid', { link: '10G' }, 'hybrid-sender-cap') },
  '4a': { setup: 'no fixed overhead', spoil: withoutOverhead },
  '4b': { setup: 'a cap that caps nothing', spoil: asIn('hybrid-sender-cap', { link: '10G' }, 'hybrid') },
  '4c': { setup: 'a fast link for unloaded guests only', spoil: where('hybrid-sender-cap', { stressMB: 0 }, slower(0.2)) },
  '5a': { setup: 'downtime that grows with load', spoil: where('hybrid', { link: '1G', ...largestStress }, longerPause(600)) },
  '5b': { setup: 'downtime that grows with load', spoil: where('hybrid', { link: '10G', ...largestStress }, longerPause(600)) },
  '5c': { setup: 'downtime that depends on the link', spoil: where('hybrid', { link: '10G' }, longerPause(300)) },
  '6a': { setup: 'a limit at twice the stress', spoil: where('pre-copy-limit', { link: '1G' }, moreStress(2)) },
  '6b': { setup: 'a limit at half the stress', spoil: where('pre-copy-limit', { link: '10G' }, moreStress(0.5)) },
  '6c': {
    setup: 'convergence far beyond the limit',
    spoil: (runs) => {
      const far = Math.max(...runs.filter((run) => isIn(run, 'pre-copy-limit')).map((run) => run.stressedBytes!));
      return runs.map((run) => {
        if (run.stressedBytes !== far || run.part !== 'pre-copy-limit') return run;
        const converged = { ...run };
        delete converged.error;
        return converged;
      });
    },
  },
  '6d': {
    setup: 'one hybrid migration that fails',
    spoil: where('hybrid', { link: '10G', stressMB: 1024 }, ({ repeat }) => (repeat === 0 ? { error: 'NOT_CONVERGED' } : {})),
  },
  '7a': { setup: 'one flavour as slow as the next', spoil: asIn('post-copy', { link: 'dublin', rate: 'measured', flavour: 'm', load: 'loaded' }, 'post-copy', { flavour: 'l' }) },
  '7b': { setup: 'load that does not matter at xl', spoil: asIn('post-copy', { link: 'halifax', flavour: 'xl', load: 'loaded' }, 'post-copy', { load: 'unloaded' }) },
  '7c': { setup: 'no fixed overhead', spoil: withoutOverhead },
  '8': { setup: 'one cell as fast as Dublin', spoil: asIn('post-copy', { link: 'halifax', rate: 'measured', flavour: 's', load: 'unloaded' }, 'post-copy', { link: 'dublin' }) },
  '9a': { setup: 'downtime that grows with the flavour', spoil: where('post-copy', { link: 'dublin', flavour: 'xl', load: 'loaded' }, longerPause(400)) },
  '9b': { setup: 'downtime shorter over the longer link', spoil: where('post-copy', { link: 'dublin', flavour: 'm', load: 'loaded' }, longerPause(150)) },
  '10a': { setup: 'faults that do not block', spoil: asIn('blocking-faults', { flavour: 'xl' }, 'post-copy') },
  '10b': { setup: 'faults that block', spoil: asIn('post-copy', { link: 'halifax', rate: 'measured', flavour: 'xl', load: 'loaded' }, 'blocking-faults') },
  '11b': { setup: 'uniform pages elided in the baseline', spoil: asIn('data-table', { mechanism: 'baseline' }, 'data-table', { mechanism: 'uniform-pages' }) },
}; // prettier-ignore
