import { describe, expect, test } from '@jest/globals';
import { render } from '#harness/report/plots/render';
import { plotWidths } from '#harness/report/plots/plot';
import { variedPlot } from '#harness/report/plots/varied-plot';
import { variedOf } from '#harness/report/varied';
import type { RunResult } from '#harness/result';
import { variedFailure, variedRun } from '#test/support/varied-runs';

const plotOf = (runs: readonly RunResult[]) => variedPlot(variedOf(runs), 'figure');
const columnOf = ({ csv: { columns, rows } }: ReturnType<typeof plotOf>, name: string) =>
  rows.map((row) => row[columns.indexOf(name)]);

const grid = ['pre-copy', 'hybrid'].flatMap((strategy) =>
  [0, 512, 1024].flatMap((stressMB) =>
    [0, 1, 2].map((repeat) =>
      variedRun({
        ...{ strategy, cell: { strategy, stressMB }, repeat },
        totalTimeMs: 3000 + stressMB * (strategy === 'hybrid' ? 1 : 2) + repeat * 100,
        downtimeMs: 40 + repeat,
      }),
    ),
  ),
);

describe('the plot of what was varied', () => {
  test('has the numeric axis as x, a line for each strategy, medians and ranges', () => {
    const plot = plotOf(grid);
    const { columns } = plot.csv;
    expect(columns).toContain('stressMB');
    expect([...new Set(columnOf(plot, 'series'))]).toEqual(['pre-copy', 'hybrid']);
    expect([...new Set(columnOf(plot, 'panel'))]).toEqual(['Total time (s)', 'Downtime (ms)']);
    expect(plot.csv.rows).toHaveLength(2 * 2 * 3);
    const first = plot.csv.rows[0]!;
    expect(columns.slice(3, 7).map((name) => first[columns.indexOf(name)])).toEqual([0, 3.1, 3, 3.2]);
    expect(columnOf(plot, 'stressMB').slice(0, 3)).toEqual([0, 512, 1024]);
    expect(plot.title).toContain('strategy, stressMB');
  });

  test('strategies alone are side by side', () => {
    const plot = plotOf(['hybrid', 'pre-copy'].map((strategy) => variedRun({ strategy })));
    expect(columnOf(plot, 'strategy')).toEqual(['hybrid', 'pre-copy', 'hybrid', 'pre-copy']);
    expect(plot.csv.columns).toContain('strategy');
  });

  test('values too near to each other for a scale are spaced evenly, and the axis says so', () => {
    const runs = [1, 10, 100, 1000].map((rate) => variedRun({ cell: { rate } }));
    const plot = plotOf(runs);
    expect(plot.table.head[0]).toBe('rate (not to scale)');
    expect(columnOf(plot, 'rate').slice(0, 4)).toEqual(['1', '10', '100', '1000']);
    expect(plotOf(runs.slice(0, 2)).table.head[0]).toBe('rate');
  });

  test('sizes are to scale; names of links are no sizes', () => {
    const sizes = plotOf(['64MiB', '128MiB', '1GiB'].map((region) => variedRun({ cell: { region } })));
    const mebibytes = columnOf(sizes, 'region').map((bytes) => Number(bytes) / (1 << 20));
    expect(mebibytes.slice(0, 3)).toEqual([64, 128, 1024]);
    expect(sizes.table.head[0]).toBe('region');
    const links = plotOf(['1G', '10G'].map((link) => variedRun({ cell: { link } })));
    expect(links.csv.columns).not.toContain('link (not to scale)');
    expect(columnOf(links, 'link')).not.toContain(1 << 30);
  }); // prettier-ignore

  test('a cell where nothing completed is named, and has no point', () => {
    const plot = plotOf([variedRun({ cell: { x: 1 } }), variedFailure({ cell: { x: 2 } })]);
    expect(plot.caption).toContain('Without a point, as no run of it completed: x 2.');
    expect(plot.csv.rows).toHaveLength(2);
    const none = plotOf([1, 2].map((x) => variedFailure({ cell: { x } })));
    expect(none.isEmpty).toBe(true);
    expect(none.missing).toEqual(['a completed run']);
  });

  test('more lines than a picture has room for are counted', () => {
    const runs = Array.from({ length: 11 }, (_, nth) =>
      [1, 2].map((x) => variedRun({ cell: { kind: `k${nth}`, x } })),
    );
    const plot = plotOf(runs.flat());
    expect(new Set(columnOf(plot, 'series')).size).toBe(8);
    expect(plot.caption).toContain('3 more lines are not drawn');
  });

  test.each(['wide', 'narrow'] as const)('is drawn %s, hostile labels as text', async (size) => {
    const hostile = `"]}\u2028</text><script>alert(1)</script>${'x'.repeat(100)}`;
    const runs = [`${hostile}1`, `${hostile}2`].flatMap((label) =>
      ['hybrid', 'pre-copy'].map((strategy) => variedRun({ strategy, cell: { [hostile]: label, strategy } })),
    );
    const plot = plotOf(runs);
    const svg = await render(plot.spec(plotWidths[size]));
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;');
    expect(svg).not.toMatch(/NaN|undefined/);
    expect(svg.match(/class="mark-symbol role-mark/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('lines whose labels were cut to the same text stay two', () => {
    const long = 'x'.repeat(60);
    const runs = ['1', '2'].flatMap((end) =>
      [1, 2].map((x) => variedRun({ cell: { kind: `${long}${end}`, x } })),
    );
    expect(new Set(columnOf(plotOf(runs), 'series')).size).toBe(2);
  });
});
