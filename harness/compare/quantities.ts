import { figurePlaces, valueAt } from '../measure/figures.ts';
import { figureText } from '../report/figure-rows.ts';
import type { RunResult } from '../result.ts';
import { hasFailed } from '../trends/outcome.ts';

/** A figure by which two result sets are compared. */
export interface Quantity {
  /** As in the result's measurement. */
  name: string;
  unit: string;
  better: 'lower' | 'higher';
  /** Null if the run has none. */
  of: (run: RunResult) => number | null;
  format: (value: number) => string;
  /** Over a cell's runs. */
  summary: 'median' | 'mean';
}

/** 1 for a completed run, 0 for a failed one; runs spoilt by the machine don't count. */
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
  ...figurePlaces.flatMap(({ id, unit, better }): Quantity[] =>
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
