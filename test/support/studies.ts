import { loadStudies } from '#harness/studies/index';
import type { CheckOfStudy } from '#harness/trends/judge-check';
import type { Control } from '#harness/trends/study';
import type { PaperRun } from './trend-runs.ts';

/** The project's studies, read as the commands read them. */
export const studies = await loadStudies();

export const checks: readonly CheckOfStudy[] = studies.flatMap((study) =>
  study.trends.flatMap((trend) => trend.checks.map((check) => ({ study, trend, check }))),
);
export const checkIds = checks.map(({ check: { id } }) => id);

/** A check of the project by its id, which no two studies of it share. */
export const checkOf = (id: string): CheckOfStudy => {
  const found = checks.filter(({ check }) => check.id === id);
  if (found.length !== 1) throw new RangeError(`${found.length} checks are called ${id}`);
  return found[0]!;
};

const ofStudy = (experiment: string, runs: readonly Omit<PaperRun, 'experiment'>[]): PaperRun[] =>
  runs.map((run) => ({ ...run, experiment }));

/** Runs on which every check of every study holds, except contested ones. */
export const holdingRuns = (): PaperRun[] =>
  studies.flatMap(({ name, onPaper }) => ofStudy(name, onPaper?.holding() ?? []));

/** The documents' own tables as if livemig had measured them: what every check of the documents' trends must accept. */
export const documentsAsRuns = (): PaperRun[] =>
  studies.flatMap(({ name, onPaper }) => ofStudy(name, onPaper?.published?.() ?? []));

/** The negative control of a check; it leaves runs of other studies alone. */
export const controlOf = (
  id: string,
): { setup: string; spoil: (runs: readonly PaperRun[]) => PaperRun[] } => {
  const { study, check } = checkOf(id);
  const control: Control | null = check.control;
  if (control === null) throw new RangeError(`${id} has no control`);
  return {
    setup: control.setup,
    spoil: (runs) => [
      ...runs.filter(({ experiment }) => experiment !== study.name),
      ...ofStudy(study.name, control.spoil(runs.filter(({ experiment }) => experiment === study.name))),
    ],
  };
};
