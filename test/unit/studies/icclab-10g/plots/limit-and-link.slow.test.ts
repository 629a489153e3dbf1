import { describe, expect, test } from '@jest/globals';
import { linkUtilisationPlot } from '../../../../../studies/icclab-10g/plots/link-utilisation.ts';
import { preCopyLimitPlot } from '../../../../../studies/icclab-10g/plots/pre-copy-limit.ts';
import type { RunResult } from '#harness/result';
import { setUpsOf } from '#harness/trends/set-ups';
import { syntheticIcclab } from '#test/support/sweep-results';

const runs = syntheticIcclab();
const setUpOf = (of: readonly RunResult[]) => setUpsOf(of, 'icclab-10g')[0]!;
const withoutPart = (part: string): RunResult[] => runs.filter(({ sweep }) => sweep?.part !== part);

describe("pre-copy's limit", () => {
  const plot = preCopyLimitPlot(setUpOf(runs));

  test('brackets the limit between what converged and what did not', () => {
    expect(plot.table.rows).toEqual([
      ['1 Gb/s', '34', '41', '33.7', '1', '32'],
      ['10 Gb/s', '372', '434', '307.6', '1', '400'],
    ]);
  });

  test('predicts goodput × downtime limit', () => {
    const predicted = plot.csv.rows.find(([link, , , outcome]) => link === '1G' && outcome === 'B · D_max');
    expect(predicted?.[2]).toBeCloseTo(((941e6 / 8) * 0.3) / 2 ** 20, 6);
  });

  test('a run that failed for another reason is not drawn', () => {
    const other = runs.map((run) =>
      run.state === 'failed' ? { ...run, error: { ...run.error, code: 'TIMEOUT' as const } } : run,
    );
    const outcomes = preCopyLimitPlot(setUpOf(other)).csv.rows.map((row) => row[3]);
    expect(outcomes).not.toContain('did not converge');
    expect(outcomes).toContain('converged');
  });

  test('sizes are the real ones, whatever the label says', () => {
    const relabelled = runs.map((run) =>
      run.sweep?.part === 'pre-copy-limit'
        ? { ...run, sweep: { ...run.sweep, cell: { ...run.sweep.cell, stressMB: 1 } } }
        : run,
    );
    expect(preCopyLimitPlot(setUpOf(relabelled)).table.rows[0]?.[1]).toBe('34');
  });

  test('searches are kept apart, and each result is a range', () => {
    const second = runs
      .filter(({ sweep }) => sweep?.part === 'pre-copy-limit')
      .map((run) => ({
        ...run,
        runId: `${run.runId}-again`,
        scenario: {
          ...run.scenario,
          workload: { ...run.scenario.workload, regionBytes: run.scenario.workload.regionBytes * 2 },
        },
        sweep: { ...run.sweep!, repeat: 1 },
      }));
    const [slow] = preCopyLimitPlot(setUpOf([...runs, ...second])).table.rows;
    expect(slow).toEqual(['1 Gb/s', '34–68', '41–82', '33.7', '2', '32']);
  });

  test('without a bisection there is nothing to draw, and it says so', () => {
    const none = preCopyLimitPlot(setUpOf(withoutPart('pre-copy-limit')));
    expect(none.isEmpty).toBe(true);
    expect(none.missing).toEqual(['no run of the bisection at 1 Gb/s', 'no run of the bisection at 10 Gb/s']);
  });
});

describe('link utilisation', () => {
  const plot = linkUtilisationPlot(setUpOf(runs));

  test('shows the first repetition of the run with the document’s stressed memory', () => {
    expect(new Set(plot.csv.rows.map((row) => row[2]))).toEqual(
      new Set(['hybrid-1G-2048-0', 'hybrid-10G-2048-0']),
    );
    expect(plot.table.rows.map(([link]) => link)).toEqual(['1 Gb/s', '10 Gb/s']);
  });

  test('takes the nearest if the document’s is missing', () => {
    const without = runs.filter(({ sweep }) => sweep?.cell['stressMB'] !== 2048);
    const stress = linkUtilisationPlot(setUpOf(without)).csv.rows.map((row) => row[1]);
    expect(new Set(stress)).toEqual(new Set([1024]));
  });

  test('a run without its series is missing, not a flat line', () => {
    const blind = runs.map((run) =>
      run.state === 'completed'
        ? { ...run, measurement: { ...run.measurement, series: { link: [], progress: [], pings: [] } } }
        : run,
    );
    const none = linkUtilisationPlot(setUpOf(blind));
    expect(none.isEmpty).toBe(true);
    expect(none.missing).toHaveLength(2);
  });
});
