import type { Accounting } from '../measure/accounting.ts';
import type { Needs } from './needs.ts';
import type { Experiment } from './published.ts';
import type { CheckId } from './tolerances.ts';
import type { Estimate } from './verdict.ts';

/** What a check found out, once everything it needs is there. */
export interface Finding {
  estimate: Estimate;
  /** More than the estimate itself says: which cell, the figures behind it. */
  detail?: string;
  explanation?: string | null;
  /**
   * What keeps a claim about all cells from being confirmed: what was measured can still refute it, so the check fails
   * out of bounds and is not measured within them.
   */
  incomplete?: string;
}

export interface JudgeOptions {
  /** How bytes are counted where a check rests on them. */
  accounting: Accounting;
}

/** One claim of a trend: a quantity, found from the runs of one set-up, held against its tolerance. */
export interface Check {
  id: CheckId;
  statement: string;
  /** Table or figure. */
  table: string;
  published: string;
  /** Contested among the documents' readers: never holds, whatever was found. */
  isContested?: boolean;
  /** Collects what it needs; what it returns is only called when nothing is missing. */
  prepare: (need: Needs, options: JudgeOptions) => () => Finding;
}

/** One trend of the documents. */
export interface Trend {
  trend: number;
  experiment: Experiment;
  checks: readonly Check[];
}
