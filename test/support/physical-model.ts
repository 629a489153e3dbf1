import * as icclab from '../../studies/icclab-10g/on-paper.ts';
import * as ulster from '../../studies/ulster-wan/on-paper.ts';
import type { PaperRun } from './trend-runs.ts';

/** Both experiments as physics predicts them: a complete, plausible result set to try the judge on. */
export const physicalRuns = (given: Partial<icclab.Physics & ulster.Physics> = {}): PaperRun[] => [
  ...icclab.physicalRuns(given).map((run) => ({ ...run, experiment: 'icclab-10g' })),
  ...ulster.physicalRuns(given).map((run) => ({ ...run, experiment: 'ulster-wan' })),
];
