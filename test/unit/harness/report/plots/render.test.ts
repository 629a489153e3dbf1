import { describe, expect, jest, test } from '@jest/globals';
import { inkOf } from '../../../../../harness/report/palette.ts';
import { plotsOf } from '../../../../../harness/report/plots/index.ts';
import { place } from '../../../../../harness/report/plots/legend.ts';
import { plotWidths } from '../../../../../harness/report/plots/plot.ts';
import { render } from '../../../../../harness/report/plots/render.ts';
import { shrink } from '../../../../../harness/report/plots/shrink.ts';
import { measured } from '../../../../../harness/report/plots/style.ts';
import { mostPoints, thin } from '../../../../../harness/report/plots/thin.ts';
import { linearTicks, logTicks } from '../../../../../harness/report/plots/ticks.ts';
import { settingsOf } from '../../../../../harness/trends/cells.ts';
import { experiments } from '../../../../../harness/trends/published.ts';
import { syntheticIcclab, syntheticUlster } from '../../../../support/sweep-results.ts';

// A hundred drawings in one test, on a machine that others share.
jest.setTimeout(60_000);

const runs = [...syntheticIcclab(), ...syntheticUlster()];
const all = experiments.flatMap((experiment) =>
  plotsOf[experiment].map((make) => make(settingsOf(runs, experiment)[0]!)),
);

describe.each(all.map((plot) => [plot.id, plot] as const))('%s', (_, plot) => {
  test.each(Object.entries(plotWidths))(
    'is drawn at its %s width, in variables alone',
    async (_name, width) => {
      const svg = await render(plot.spec(width));
      expect(svg).toMatch(/<g class="mark-symbol role-mark|<g class="mark-line role-mark/);
      expect(Number(/width="(\d+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(width + 8);
      expect(svg).not.toMatch(/#[0-9a-f]{6}|NaN|undefined|clip-path/);
      expect(svg).not.toMatch(/(?:href|src|url)/);
    },
  );

  test('tells in words what is drawn, and has a table as long as its data', () => {
    expect(plot.description).toMatch(/\d/);
    expect(plot.caption.length).toBeGreaterThan(40);
    expect(plot.trends.every((trend) => trend >= 1 && trend <= 11)).toBe(true);
    expect(plot.table.rows.length).toBeGreaterThan(0);
    for (const row of plot.table.rows) expect(row).toHaveLength(plot.table.head.length);
    for (const row of plot.csv.rows) expect(row).toHaveLength(plot.csv.columns.length);
    expect(plot.missing).toEqual([]);
  });
});

interface LegendSpec {
  vconcat: [{ data: { values: { label: string; shape: string; dash: number[]; fill: string }[] } }];
}

test('series of one plot differ without their colours: by shape, by fill or by dash', () => {
  const legends = all.filter((plot) => 'vconcat' in plot.spec(plotWidths.wide));
  expect(legends.length).toBeGreaterThanOrEqual(7);
  for (const plot of legends) {
    const entries = (plot.spec(plotWidths.wide) as unknown as LegendSpec).vconcat[0].data.values;
    const looks = entries.map(({ shape, dash, fill }) =>
      JSON.stringify([shape, dash, fill === inkOf('paper')]),
    );
    expect(new Set(looks).size).toBe(entries.length);
  }
});

test('an index is lowered in text, and attributes stay whole', async () => {
  const svg = await render({ data: { values: [{}] }, title: 'seconds ÷ κ_M', mark: 'point' });
  expect(svg).toContain('κ<tspan dy="2.5" font-size="75%">M</tspan>');
  expect(svg).not.toMatch(/<[^>]*<|κ_M/);
});

test('hostile text in a label stays text', async () => {
  const svg = await render({
    data: { values: [{ text: '</text><script>alert(1)</script>' }] },
    mark: 'text',
    encoding: { text: { field: 'text' } },
  });
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;script&gt;');
});

describe('shrink', () => {
  const svg =
    '<svg width="10"><g class="mark-line role-mark m" role="x" aria-roledescription="y"><path d="M0.123456,1.98765L3,4" opacity="1" stroke="#010109"/></g>' +
    '<g><path class="background" aria-hidden="true" d="M0,0h0v0h0Z" pointer-events="none"/><g></g></g><text opacity="0">9</text><text>0.123456</text></svg>';

  test('drops what draws nothing, rounds coordinates, and keeps marks and words', () => {
    expect(shrink(svg)).toBe(
      '<svg width="10"><g class="mark-line role-mark m"><path d="M0.1,2L3,4" stroke="#010109"/></g><text>0.123456</text></svg>',
    );
  });
});

test('a legend breaks into rows where it would not fit', () => {
  const entries = ['one label', 'another label', 'a third label'].map((label) => ({
    label,
    style: measured({ colour: 'a', shape: 'circle' }),
  }));
  expect(place(entries, 1000).map(({ row }) => row)).toEqual([0, 0, 0]);
  expect(place(entries, 240).map(({ row }) => row)).toEqual([0, 0, 1]);
  expect(place(entries, 10).map(({ row }) => row)).toEqual([0, 1, 2]);
});

test('ticks are round and inside', () => {
  expect(logTicks([4, 120])).toEqual([5, 10, 20, 50, 100]);
  expect(logTicks([0.03, 1])).toEqual([0.05, 0.1, 0.2, 0.5, 1]);
  expect(linearTicks(10.1)).toEqual([0, 2, 4, 6, 8]);
  expect(linearTicks(1.11)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks(0)).toEqual([0]);
});

test('thinning joins neighbours into few enough, and loses none', () => {
  const rows = Array.from({ length: 999 }, (_, index) => index);
  const thinned = thin(rows, (group) => Math.max(...group));
  expect(thinned.length).toBeLessThanOrEqual(mostPoints);
  expect(thinned.at(-1)).toBe(998);
  expect(thin(rows.slice(0, mostPoints), (group) => group[0]!)).toEqual(rows.slice(0, mostPoints));
  expect(thin([], (group: readonly number[]) => group[0]!)).toEqual([]);
});
