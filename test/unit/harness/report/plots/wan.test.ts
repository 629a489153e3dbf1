import { describe, expect, test } from '@jest/globals';
import type { Plot } from '../../../../../harness/report/plots/plot.ts';
import { wanDataPlot } from '../../../../../harness/report/plots/wan-data.ts';
import { wanDowntimePlot } from '../../../../../harness/report/plots/wan-downtime.ts';
import { wanTotalTimePlot } from '../../../../../harness/report/plots/wan-total-time.ts';
import { settingsOf } from '../../../../../harness/trends/cells.ts';
import { syntheticUlster } from '../../../../support/sweep-results.ts';

const runs = syntheticUlster();
const setting = settingsOf(runs, 'ulster-wan')[0]!;
const values = ({ csv }: Plot, panel: string, series: string) =>
  csv.rows.filter((row) => row[0] === panel && row[1] === series).map((row) => Number(row[4]));

const dublin = 'Coleraine–Dublin, 5.5 ms';
const halifax = 'Coleraine–Halifax, 52.5 ms';

describe('the WAN plots', () => {
  const plot = wanTotalTimePlot(setting);

  test('have a panel for each link and load, with the published rows as printed', () => {
    expect(values(plot, `${dublin}, loaded`, 'published')).toEqual([11.3, 29.1, 39.8, 90.4, 148.2]);
    expect(values(plot, `${halifax}, unloaded`, 'published')).toEqual([11.8, 30.6, 47.5, 54.6, 66.8]);
    expect(values(wanDowntimePlot(setting), `${halifax}, loaded`, 'published')).toEqual([
      0.7, 0.7, 0.8, 0.8, 0.9,
    ]);
  });

  test('have each way of measuring where it was measured', () => {
    const blocking = 'measured, faults block the push';
    expect(values(plot, `${dublin}, loaded`, blocking)).toHaveLength(5);
    expect(values(plot, `${dublin}, unloaded`, blocking)).toHaveLength(0);
    expect(values(plot, `${dublin}, unloaded`, 'measured, link at 10 Gb/s')).toHaveLength(5);
  });

  test('x stands for flavours by name in the data', () => {
    expect(new Set(plot.csv.rows.map((row) => row[3]))).toEqual(
      new Set(['t 0.5 GiB', 's 2 GiB', 'm 4 GiB', 'l 8 GiB', 'xl 16 GiB']),
    );
  });

  test('say which link and load were not measured', () => {
    const near = runs.filter(({ sweep }) => sweep?.cell['link'] !== 'halifax');
    expect(wanTotalTimePlot(settingsOf(near, 'ulster-wan')[0]!).missing).toEqual([
      `no completed run of post-copy over ${halifax}, unloaded`,
      `no completed run of post-copy over ${halifax}, loaded`,
    ]);
  });
});

describe('the contested table', () => {
  const plot = wanDataPlot(setting);

  test('is published over RAM: unloaded twice it, loaded less', () => {
    const unloaded = values(plot, `Published, ${dublin}`, 'unloaded, published');
    const loaded = values(plot, `Published, ${dublin}`, 'loaded, published');
    expect(unloaded.at(-1)).toBeCloseTo(31_800 / 16_384, 9);
    for (const [index, value] of unloaded.entries()) expect(value).toBeGreaterThan(loaded[index]!);
  });

  test('stands beside every candidate, over the RAM of the guest as it was run', () => {
    expect(values(plot, 'Baseline: each page once', 'loaded, measured')[2]).toBeCloseTo(1, 1);
    expect(values(plot, 'No dirty bitmap: all sent again', 'unloaded, measured')[2]).toBeCloseTo(2, 1);
    expect(values(plot, 'Uniform pages elided', 'loaded, measured')[2]).toBeCloseTo(0.3, 1);
    expect(values(plot, 'Baseline, counted at both hosts', 'unloaded, measured')[2]).toBeCloseTo(2.08, 1);
  });

  test('a mechanism without a completed run is said to be missing', () => {
    const some = runs.filter(({ sweep }) => sweep?.cell['mechanism'] !== 'both');
    expect(wanDataPlot(settingsOf(some, 'ulster-wan')[0]!).missing).toEqual([
      'no completed run of mechanism both',
    ]);
  });
});
