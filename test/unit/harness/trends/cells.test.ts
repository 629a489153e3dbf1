import { expect, test } from '@jest/globals';
import type { RunResult } from '../../../../harness/result.ts';
import { settingsOf } from '../../../../harness/trends/cells.ts';
import { judgementOf } from '../../../../harness/trends/judgement.ts';
import { documentsAsRuns } from '../../../support/documents-as-runs.ts';
import { trendRun } from '../../../support/trend-runs.ts';

const first = documentsAsRuns()
  .filter(({ part }) => part === 'hybrid')
  .map(trendRun);
/** The same experiment by another sweep. */
const again = (change: (run: RunResult) => Partial<RunResult['scenario']>): RunResult[] =>
  first.map((run) => ({
    ...run,
    sweep: { ...run.sweep!, sweepId: 'another', name: 'renamed' },
    scenario: { ...run.scenario, ...change(run) },
  }));
const shorter = ({ scenario }: RunResult) => ({ limits: { ...scenario.limits, downtimeLimitMs: 30 } });
const runsIn = (runs: readonly RunResult[]): [string, number][] =>
  settingsOf(runs, 'icclab-10g').map(({ variant, cells }) => [
    variant,
    cells.reduce((sum, cell) => sum + cell.runs.length, 0),
  ]);

test('sweeps that were set the same are taken together, whatever their seeds and names', () => {
  expect(runsIn([...first, ...again(() => ({ seed: 7 }))])).toEqual([['', 2 * first.length]]);
});

test('sweeps of one experiment that were set differently are set-ups of their own, with what is particular to them', () => {
  const both = [...first, ...again(shorter)];
  expect(runsIn(both)).toEqual([
    ['limits.downtimeLimitMs 300', first.length],
    ['limits.downtimeLimitMs 30', first.length],
  ]);
  const { verdicts, notes } = judgementOf(both, { accounting: 'payload' });
  const measured = verdicts.filter(({ id, runIds }) => id === '1a' && runIds.length > 0);
  expect(measured.map(({ variant }) => variant)).toEqual(runsIn(both).map(([variant]) => variant));
  expect(notes.filter((note) => note.includes('taken together'))).toEqual([]);
});
