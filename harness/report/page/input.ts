import type { RunResult } from '#harness/result';
import type { Judgement } from '#harness/trends/judgement';
import { judgementOf } from '#harness/trends/judgement';
import { hasRunsOf } from '#harness/trends/set-ups';
import type { AxisOrder } from '#harness/sweep/axis-order';
import type { Study } from '#harness/trends/study';

/** What a page is made from. */
export interface ReportSource {
  title: string;
  /** ISO 8601. */
  generatedAt: string;
  livemigVersion: string;
  runs: readonly RunResult[];
  studies: readonly Study[];
  /** Of the labels in the sweeps' definitions, as far as these are known. */
  axisOrder?: AxisOrder;
}

/** The page's input. */
export interface ReportInput extends ReportSource {
  /** Those that the result set has runs of: only they have checks, contradictions and figures on the page. */
  studies: readonly Study[];
  /** Names of the others. */
  absent: readonly string[];
  /** The judgement of `livemig validate` on these runs, of the studies that have runs. */
  judgement: Judgement;
}

/** Leaves out studies without runs, and judges the others. */
export const reportInput = (source: ReportSource): ReportInput => {
  const { runs, studies } = source;
  const isPresent = ({ name }: Study): boolean => hasRunsOf(runs, name);
  const present = studies.filter(isPresent);
  return {
    ...source,
    studies: present,
    absent: studies.filter((study) => !isPresent(study)).map(({ name }) => name),
    judgement: judgementOf(runs, present, { accounting: 'payload' }),
  };
};
