import { describe, expect, test } from '@jest/globals';
import { linkUtilisationPlot } from '../../../../../harness/report/plots/link-utilisation.ts';
import { preCopyLimitPlot } from '../../../../../harness/report/plots/pre-copy-limit.ts';
import type { RunResult } from '../../../../../harness/result.ts';
import { settingsOf } from '../../../../../harness/trends/cells.ts';
import { syntheticIcclab } from '../../../../support/sweep-results.ts';

const runs = syntheticIcclab();
const settingOf = (of: readonly RunResult[]) => settingsOf(of, 'icclab-10g')[0]!;
const withoutPart = (part: string): RunResult[] => runs.filter(({ sweep }) => sweep?.part !== part);

describe("pre-copy's limit", () => {
  const plot = preCopyLimitPlot(settingOf(runs));

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

  test('a run that failed for another reason is no mark', () => {
    const other = runs.map((run) =>
      run.state === 'failed' ? { ...run, error: { ...run.error, code: 'TIMEOUT' as const } } : run,
    );
    const outcomes = preCopyLimitPlot(settingOf(other)).csv.rows.map((row) => row[3]);
    expect(outcomes).not.toContain('did not converge');
    expect(outcomes).toContain('converged');
  });

  test('sizes are the real ones, whatever the label says', () => {
    const relabelled = runs.map((run) =>
      run.sweep?.part === 'pre-copy-limit'
        ? { ...run, sweep: { ...run.sweep, cell: { ...run.sweep.cell, stressMB: 1 } } }
        : run,
    );
    expect(preCopyLimitPlot(settingOf(relabelled)).table.rows[0]?.[1]).toBe('34');
  });

  test('searches are told apart, and what they found is a range', () => {
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
    const [slow] = preCopyLimitPlot(settingOf([...runs, ...second])).table.rows;
    expect(slow).toEqual(['1 Gb/s', '34–68', '41–82', '33.7', '2', '32']);
  });

  test('without a bisection there is nothing to draw, and it says so', () => {
    const none = preCopyLimitPlot(settingOf(withoutPart('pre-copy-limit')));
    expect(none.isEmpty).toBe(true);
    expect(none.missing).toEqual(['no run of the bisection at 1 Gb/s', 'no run of the bisection at 10 Gb/s']);
  });
});

describe('link utilisation', () => {
  const plot = linkUtilisationPlot(settingOf(runs));

  test('is of the run with as much stressed memory as the document’s, first repetition', () => {
    expect(new Set(plot.csv.rows.map((row) => row[2]))).toEqual(
      new Set(['hybrid-1G-2048-0', 'hybrid-10G-2048-0']),
    );
    expect(plot.table.rows.map(([link]) => link)).toEqual(['1 Gb/s', '10 Gb/s']);
  });

  test('takes the nearest where the document’s is not there', () => {
    const without = runs.filter(({ sweep }) => sweep?.cell['stressMB'] !== 2048);
    const stress = linkUtilisationPlot(settingOf(without)).csv.rows.map((row) => row[1]);
    expect(new Set(stress)).toEqual(new Set([1024]));
  });

  test('a run without its series is missing, not a flat line', () => {
    const blind = runs.map((run) =>
      run.state === 'completed'
        ? { ...run, measurement: { ...run.measurement, series: { link: [], progress: [], pings: [] } } }
        : run,
    );
    const none = linkUtilisationPlot(settingOf(blind));
    expect(none.isEmpty).toBe(true);
    expect(none.missing).toHaveLength(2);
  });
});
