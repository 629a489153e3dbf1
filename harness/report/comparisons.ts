import type { RunResult } from '../result.ts';

/** Runs that have axes in common: those of a sweep's parts with the same axes, and single ones. */
export interface Comparison {
  /** Of its figure. */
  id: string;
  title: string;
  runs: readonly RunResult[];
}

const shapeOf = ({ sweep }: RunResult): string =>
  sweep === null ? '' : JSON.stringify([sweep.experiment, Object.keys(sweep.cell).sort()]);

const comparisonsOf = (runs: readonly RunResult[]): Comparison[] =>
  [...Map.groupBy(runs, shapeOf).values()].map((group, nth) => ({
    id: nth === 0 ? 'answer-figure' : `answer-figure-${nth + 1}`,
    title: [
      ...new Set(group.map(({ sweep }) => (sweep === null ? 'Single runs' : `${sweep.name}: ${sweep.part}`))),
    ].join(', '),
    runs: group,
  }));

/** Those of studies, which have questions of their own, and the others. */
export const comparisonsBy = (
  runs: readonly RunResult[],
  studies: readonly { name: string }[],
): { ofStudies: Comparison[]; others: Comparison[] } => {
  const isOfStudy = ({ sweep }: RunResult): boolean =>
    sweep !== null && studies.some(({ name }) => name === sweep.experiment);
  return {
    ofStudies: comparisonsOf(runs.filter(isOfStudy)),
    others: comparisonsOf(runs.filter((run) => !isOfStudy(run))),
  };
};
