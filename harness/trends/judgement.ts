import type { RunResult } from '../result.ts';
import { settingsOf } from './cells.ts';
import type { JudgeOptions } from './check.ts';
import type { Contradiction } from './contradictions/index.ts';
import { contradictions } from './contradictions/index.ts';
import type { DataRow } from './data-table.ts';
import { dataCells, dataRowsOf } from './data-table.ts';
import { judge } from './index.ts';
import { needsOf } from './needs.ts';
import { scaleNotes } from './scale.ts';
import { frozenOn } from './tolerances.ts';
import type { TrendVerdict, VerdictName } from './verdict.ts';
import { verdictNames } from './verdict.ts';

/** Trend 11's table on one set-up. */
export interface DataTable {
  backend: string;
  driver: string;
  guestScale: number;
  variant: string;
  rows: DataRow[];
}

/** Everything that `livemig validate` says. */
export interface Judgement {
  tolerancesFrozenOn: string;
  accounting: JudgeOptions['accounting'];
  runs: number;
  counts: Record<VerdictName, number>;
  verdicts: TrendVerdict[];
  dataTables: DataTable[];
  contradictions: Contradiction[];
  /** What scaling does not preserve, and which sweeps were taken together. */
  notes: string[];
}

const dataTablesOf = (runs: readonly RunResult[]): DataTable[] =>
  settingsOf(runs, 'ulster-wan').flatMap((setting) => {
    const rows = dataRowsOf(dataCells(needsOf(setting)));
    const { backend, driver, guestScale, variant } = setting;
    return rows.length === 0 ? [] : [{ backend, driver, guestScale, variant, rows }];
  });

export const judgementOf = (runs: readonly RunResult[], options: JudgeOptions): Judgement => {
  const verdicts = judge(runs, options);
  const countOf = (name: VerdictName): number => verdicts.filter(({ verdict }) => verdict === name).length;
  return {
    tolerancesFrozenOn: frozenOn,
    accounting: options.accounting,
    runs: runs.length,
    counts: Object.fromEntries(verdictNames.map((name) => [name, countOf(name)])) as Judgement['counts'],
    verdicts,
    dataTables: dataTablesOf(runs),
    contradictions: contradictions(),
    notes: scaleNotes(runs),
  };
};
