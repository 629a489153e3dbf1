import { expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { judgementOf } from '#harness/trends/judgement';
import { setUpsOf } from '#harness/trends/set-ups';
import { documentsAsRuns, studies } from '#test/support/studies';
import { trendRun } from '#test/support/trend-runs';

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
  setUpsOf(runs, 'icclab-10g').map(({ variant, cells }) => [
    variant,
    cells.reduce((sum, cell) => sum + cell.runs.length, 0),
  ]);

test('sweeps with the same settings are merged, whatever their seeds and names', () => {
  expect(runsIn([...first, ...again(() => ({ seed: 7 }))])).toEqual([['', 2 * first.length]]);
});

test('sweeps of one experiment with different settings are separate set-ups, labelled with their differences', () => {
  const both = [...first, ...again(shorter)];
  expect(runsIn(both)).toEqual([
    ['limits.downtimeLimitMs 300', first.length],
    ['limits.downtimeLimitMs 30', first.length],
  ]);
  const { verdicts, notes } = judgementOf(both, studies, { accounting: 'payload' });
  const measured = verdicts.filter(({ id, runIds }) => id === '1a' && runIds.length > 0);
  expect(measured.map(({ variant }) => variant)).toEqual(runsIn(both).map(([variant]) => variant));
  expect(notes.filter((note) => note.includes('taken together'))).toEqual([]);
});
