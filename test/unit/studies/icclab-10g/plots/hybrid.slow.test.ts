import { describe, expect, jest, test } from '@jest/globals';
import { hybridDowntimePlot } from '../../../../../studies/icclab-10g/plots/hybrid-downtime.ts';
import { hybridTotalTimePlot } from '../../../../../studies/icclab-10g/plots/hybrid-total-time.ts';
import { hybridTransferredPlot } from '../../../../../studies/icclab-10g/plots/hybrid-transferred.ts';
import type { Plot } from '#harness/report/plots/plot';
import type { RunResult } from '#harness/result';
import { setUpsOf } from '#harness/trends/set-ups';
import { syntheticFailure, syntheticIcclab } from '#test/support/sweep-results';

// A hundred drawings in one test, on a machine that others share.
jest.setTimeout(60_000);

const runs = syntheticIcclab();
const setUpOf = (of: readonly RunResult[]) => setUpsOf(of, 'icclab-10g')[0]!;
const column = ({ csv }: Plot, name: string): number => csv.columns.indexOf(name);
const rowsOf = (plot: Plot, series: string) => plot.csv.rows.filter((row) => row[1] === series);
const rowAt = (plot: Plot, series: string, stressMB: number) =>
  rowsOf(plot, series).find((row) => row[column(plot, 'stress_mb')] === stressMB)!;

describe('total time against stressed memory', () => {
  const plot = hybridTotalTimePlot(setUpOf(runs));

  test('has the published table as printed, with σ where it is given', () => {
    expect(rowsOf(plot, '10 Gb/s, published').map((row) => row[column(plot, 'total_time_s')])).toEqual([
      8.3, 11.6, 14.9, 18.6, 22.1, 26.1, 29.9, 34.5, 40.5,
    ]);
    const last = rowAt(plot, '10 Gb/s, published', 8192);
    expect(last[column(plot, 'total_time_s_low')]).toBeCloseTo(36.2, 9);
    expect(last[column(plot, 'total_time_s_high')]).toBeCloseTo(44.8, 9);
    expect(rowAt(plot, '10 Gb/s, published', 4096)[column(plot, 'total_time_s_low')]).toBeNull();
  });

  test('divides the measured median by κ_M, keeps the raw value as well, and spans the repetitions', () => {
    const times = runs
      .filter(
        ({ sweep }) =>
          sweep?.part === 'hybrid' && sweep.cell['link'] === '1G' && sweep.cell['stressMB'] === 2048,
      )
      .map((run) => (run.state === 'completed' ? run.measurement.totalTimeMs / 1000 : NaN))
      .sort((one, other) => one - other);
    const row = rowAt(plot, '1 Gb/s, measured', 2048);
    expect(times).toHaveLength(3);
    expect(row[column(plot, 'total_time_s_raw')]).toBeCloseTo(times[1]!, 9);
    expect(row[column(plot, 'total_time_s')]).toBeCloseTo(times[1]! * 16, 9);
    expect(row[column(plot, 'total_time_s_low')]).toBeCloseTo(times[0]! * 16, 9);
    expect(row[column(plot, 'total_time_s_high')]).toBeCloseTo(times[2]! * 16, 9);
    expect(row[column(plot, 'runs')]).toBe(3);
  });

  test('says that measured values were divided, on the axis and in the caption', () => {
    expect(JSON.stringify(plot.spec(760))).toContain('measured ÷ κ_M');
    expect(plot.caption).toContain('κ_M = 1/16');
    const whole = hybridTotalTimePlot(setUpOf(syntheticIcclab(1)));
    expect(JSON.stringify(whole.spec(760))).not.toContain('÷');
    expect(whole.caption).toContain('nothing is scaled');
  });

  test('a failed run is not a number, and a cell with only failed runs has no point', () => {
    const failing = runs.map((run) =>
      run.sweep?.part === 'hybrid' && run.sweep.cell['stressMB'] === 2048 && run.sweep.cell['link'] === '1G'
        ? {
            ...syntheticFailure(cellOf(run), 0, 'TIMEOUT', 'took too long'),
            sweep: run.sweep,
            link: run.link,
            driver: run.driver,
          }
        : run,
    );
    const broken = hybridTotalTimePlot(setUpOf(failing));
    expect(rowsOf(broken, '1 Gb/s, measured')).toHaveLength(8);
    expect(rowAt(broken, '1 Gb/s, measured', 2048)).toBeUndefined();
    expect(broken.missing).toEqual([]);
  });

  test('a link without a completed run is reported as missing', () => {
    const slow = runs.filter(({ sweep }) => sweep?.cell['link'] === '1G');
    expect(hybridTotalTimePlot(setUpOf(slow)).missing).toEqual(['no completed run of hybrid at 10 Gb/s']);
  });

  test('the capped sender has its own curve, if it was run', () => {
    const name = '10 Gb/s, sender capped at 58 % of the link';
    expect(rowsOf(plot, name)).toHaveLength(9);
    const without = runs.filter(({ sweep }) => sweep?.part !== 'hybrid-sender-cap');
    expect(rowsOf(hybridTotalTimePlot(setUpOf(without)), name)).toHaveLength(0);
  });
});

test('downtime is never divided by κ_M', () => {
  const plot = hybridDowntimePlot(setUpOf(runs));
  const row = rowAt(plot, '10 Gb/s, measured', 1024);
  expect(row[column(plot, 'downtime_s')]).toBe(row[column(plot, 'downtime_s_raw')]);
  expect(Number(row[column(plot, 'downtime_s')])).toBeLessThan(0.1);
});

test('data: two bytes per stressed byte as published; the control sends one', () => {
  const plot = hybridTransferredPlot(setUpOf(runs));
  const value = (series: string, stressMB: number): number =>
    Number(rowAt(plot, series, stressMB)[column(plot, 'transferred_gb')]);
  const slope = (series: string): number => (value(series, 8192) - value(series, 0)) / 8;
  expect(slope('published: 2 bytes per stressed byte')).toBe(2);
  expect(value('published: one migration (Fig. 5)', 2048)).toBe(4.7);
  expect(slope('1 Gb/s, measured')).toBeCloseTo(2.08, 1);
  expect(slope('1 Gb/s, never dirtied again (control)')).toBeCloseTo(1.04, 1);
});

const cellOf = (run: RunResult) => ({
  experiment: 'icclab-10g' as const,
  part: run.sweep!.part,
  cell: run.sweep!.cell,
  repeat: run.sweep!.repeat,
  guestScale: run.sweep!.guestScale,
  link: { profile: run.link.profile, mbps: 941, rttMs: 0.4 },
  strategy: run.strategy,
  ramMB: 640,
  stressMB: 128,
  sentMB: 256,
  downtimeMs: 40,
});
