import { figures, valueAt } from '../measure/figures.ts';
import { figureText } from '../report/figure-rows.ts';
import type { RunResult } from '../result.ts';
import { hasFailed } from '../trends/outcome.ts';

/** A figure of a run that two result sets are compared by. */
export interface Quantity {
  /** As in the result's measurement. */
  name: string;
  unit: string;
  better: 'lower' | 'higher';
  /** Null where the run has none. */
  of: (run: RunResult) => number | null;
  format: (value: number) => string;
  /** Over a cell's runs. */
  summary: 'median' | 'mean';
}

/** 1 for a run that completed, 0 for one that failed; what the machine spoilt counts neither way. */
const completed: Quantity = {
  name: 'completed',
  unit: 'share of runs',
  better: 'higher',
  of: (run) => (run.state === 'completed' ? 1 : hasFailed(run) ? 0 : null),
  format: (share) => `${Math.round(share * 100)} %`,
  summary: 'mean',
};

export const quantities: readonly Quantity[] = [
  completed,
  ...figures.flatMap(({ id, unit, better }): Quantity[] =>
    better === undefined
      ? []
      : [
          {
            name: id.replace(/^measurement\./, ''),
            unit,
            better,
            of: (run) => valueAt(run, id),
            format: (value) => figureText(id, value),
            summary: 'median',
          },
        ],
  ),
];
