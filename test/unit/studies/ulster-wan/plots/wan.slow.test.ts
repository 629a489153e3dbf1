import { describe, expect, test } from '@jest/globals';
import type { Plot } from '#harness/report/plots/plot';
import { wanDataPlot } from '../../../../../studies/ulster-wan/plots/wan-data.ts';
import { wanDowntimePlot } from '../../../../../studies/ulster-wan/plots/wan-downtime.ts';
import { wanTotalTimePlot } from '../../../../../studies/ulster-wan/plots/wan-total-time.ts';
import { setUpsOf } from '#harness/trends/set-ups';
import { syntheticUlster } from '#test/support/sweep-results';

const runs = syntheticUlster();
const setUp = setUpsOf(runs, 'ulster-wan')[0]!;
const values = ({ csv }: Plot, panel: string, series: string) =>
  csv.rows.filter((row) => row[0] === panel && row[1] === series).map((row) => Number(row[4]));

const dublin = 'Coleraine–Dublin, 5.5 ms';
const halifax = 'Coleraine–Halifax, 52.5 ms';

describe('the WAN plots', () => {
  const plot = wanTotalTimePlot(setUp);

  test('have a panel for each link and load, with the published rows as printed', () => {
    expect(values(plot, `${dublin}, loaded`, 'published')).toEqual([11.3, 29.1, 39.8, 90.4, 148.2]);
    expect(values(plot, `${halifax}, unloaded`, 'published')).toEqual([11.8, 30.6, 47.5, 54.6, 66.8]);
    expect(values(wanDowntimePlot(setUp), `${halifax}, loaded`, 'published')).toEqual([
      0.7, 0.7, 0.8, 0.8, 0.9,
    ]);
  });

  test('have each way of measuring that was used', () => {
    const blocking = 'measured, faults block the push';
    expect(values(plot, `${dublin}, loaded`, blocking)).toHaveLength(5);
    expect(values(plot, `${dublin}, unloaded`, blocking)).toHaveLength(0);
    expect(values(plot, `${dublin}, unloaded`, 'measured, link at 10 Gb/s')).toHaveLength(5);
  });

  test('label flavours by name in the data', () => {
    expect(new Set(plot.csv.rows.map((row) => row[3]))).toEqual(
      new Set(['t 0.5 GiB', 's 2 GiB', 'm 4 GiB', 'l 8 GiB', 'xl 16 GiB']),
    );
  });

  test('say which link and load were not measured', () => {
    const near = runs.filter(({ sweep }) => sweep?.cell['link'] !== 'halifax');
    expect(wanTotalTimePlot(setUpsOf(near, 'ulster-wan')[0]!).missing).toEqual([
      `no completed run of post-copy over ${halifax}, unloaded`,
      `no completed run of post-copy over ${halifax}, loaded`,
    ]);
  });
});

describe('the contested table', () => {
  const plot = wanDataPlot(setUp);

  test('is published relative to RAM: twice it unloaded, less loaded', () => {
    const unloaded = values(plot, `Published, ${dublin}`, 'unloaded, published');
    const loaded = values(plot, `Published, ${dublin}`, 'loaded, published');
    expect(unloaded.at(-1)).toBeCloseTo(31_800 / 16_384, 9);
    for (const [index, value] of unloaded.entries()) expect(value).toBeGreaterThan(loaded[index]!);
  });

  test('stands next to every candidate, relative to the RAM of the guest as it was run', () => {
    expect(values(plot, 'Post-copy: each page once', 'loaded, measured')[2]).toBeCloseTo(1, 1);
    expect(values(plot, 'No dirty bitmap: all sent again', 'unloaded, measured')[2]).toBeCloseTo(2, 1);
    expect(values(plot, 'Uniform pages elided', 'loaded, measured')[2]).toBeCloseTo(0.3, 1);
    expect(values(plot, 'Post-copy, counted at both hosts', 'unloaded, measured')[2]).toBeCloseTo(2.08, 1);
  });

  test('a mechanism without a completed run is reported as missing', () => {
    const some = runs.filter(({ sweep }) => sweep?.cell['mechanism'] !== 'both');
    expect(wanDataPlot(setUpsOf(some, 'ulster-wan')[0]!).missing).toEqual([
      'no completed run of mechanism both',
    ]);
  });
});
