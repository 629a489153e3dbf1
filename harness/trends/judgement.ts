import type { RunResult } from '../result.ts';
import { judge } from './index.ts';
import type { CheckKind } from './kind.ts';
import { checkKinds } from './kind.ts';
import { needsOf } from './needs.ts';
import { ownCode } from './own-code.ts';
import { scaleNotes } from './scale.ts';
import { setUpsOf } from './set-ups.ts';
import type { Contradiction, JudgeOptions, Study, StudyTable } from './study.ts';
import type { TrendVerdict, VerdictWord } from './verdict.ts';
import { verdictWords, wordOf } from './verdict.ts';

/** A study's table on one set-up. */
export interface TableOfSetUp extends StudyTable {
  study: string;
  backend: string;
  driver: string;
  guestScale: number;
  variant: string;
}

/** A study whose checks were judged. */
export interface JudgedStudy {
  name: string;
  /** null while they may still change. */
  tolerancesFrozenOn: string | null;
}

/** The output of `livemig validate`. */
export interface Judgement {
  studies: JudgedStudy[];
  accounting: JudgeOptions['accounting'];
  runs: number;
  /** Of all checks; `countsByKind` says what they are worth. */
  counts: Record<VerdictWord, number>;
  countsByKind: Record<CheckKind, Record<VerdictWord, number>>;
  verdicts: TrendVerdict[];
  tables: TableOfSetUp[];
  contradictions: Contradiction[];
  /** What scaling does not preserve, and which sweeps were combined. */
  notes: string[];
}

/** Total time and orchestrated time of every cell that an era judges, beside each other. */
const eraTables = (verdicts: readonly TrendVerdict[]): TableOfSetUp[] => {
  const judged = verdicts.flatMap(({ study, backends, drivers, guestScales, variant, inEras }) =>
    inEras.map(({ era, times }) => ({
      setUp: { study, backend: backends[0]!, driver: drivers[0]!, guestScale: guestScales[0]!, variant },
      era,
      times,
    })),
  );
  const groups = Map.groupBy(judged, ({ setUp, era }) => JSON.stringify([era, setUp]));
  return [...groups.values()].map((group) => {
    const rows = new Map(group.flatMap(({ times }) => times).map((time) => [time.cell, time]));
    return {
      ...group[0]!.setUp,
      title: `Time in era ${group[0]!.era}: as measured, and with the fixed time of its software`,
      columns: [
        { key: 'cell', title: 'cell' },
        { key: 'totalTimeMs', title: 'total time, ms' },
        { key: 'orchestratedTimeMs', title: 'orchestrated time, ms' },
      ],
      rows: [...rows.values()].map((row) => ({ ...row })),
    };
  });
};

const tablesOf = (runs: readonly RunResult[], study: Study): TableOfSetUp[] =>
  setUpsOf(runs, study.name).flatMap((setUp) =>
    study.tables.flatMap((make) => {
      const table = ownCode(study, 'a table', () => make(needsOf(setUp, study.rules)));
      const { backend, driver, guestScale, variant } = setUp;
      return table === null ? [] : [{ study: study.name, backend, driver, guestScale, variant, ...table }];
    }),
  );

export const countsOf = (verdicts: readonly TrendVerdict[]): Judgement['counts'] =>
  Object.fromEntries(
    verdictWords.map((word) => [word, verdicts.filter((verdict) => wordOf(verdict) === word).length]),
  ) as Judgement['counts'];

export const judgementOf = (
  runs: readonly RunResult[],
  studies: readonly Study[],
  options: JudgeOptions,
): Judgement => {
  const verdicts = judge(runs, studies, options);
  return {
    studies: studies
      .filter(({ trends }) => trends.length > 0)
      .map(({ name, frozenOn }) => ({ name, tolerancesFrozenOn: frozenOn })),
    accounting: options.accounting,
    runs: runs.length,
    counts: countsOf(verdicts),
    countsByKind: Object.fromEntries(
      checkKinds.map((kind) => [kind, countsOf(verdicts.filter((verdict) => verdict.kind === kind))]),
    ) as Judgement['countsByKind'],
    verdicts,
    tables: [...studies.flatMap((study) => tablesOf(runs, study)), ...eraTables(verdicts)],
    contradictions: studies.flatMap((study) =>
      ownCode(study, 'contradictions', () => [...study.contradictions()]),
    ),
    notes: scaleNotes(runs, studies),
  };
};

/** `2026-11-21`, or each study's day if they differ: `2026-11-21 (icclab-10g), not yet (mine)`. */
export const frozenText = ({ studies }: Pick<Judgement, 'studies'>): string => {
  const days = Map.groupBy(studies, ({ tolerancesFrozenOn }) => tolerancesFrozenOn ?? 'not yet');
  const [only, ...others] = days.keys();
  if (only === undefined) return 'not yet';
  if (others.length === 0) return only;
  return [...days].map(([day, group]) => `${day} (${group.map(({ name }) => name).join(', ')})`).join(', ');
};
