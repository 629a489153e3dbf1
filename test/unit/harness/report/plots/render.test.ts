import { describe, expect, test } from '@jest/globals';
import { place } from '#harness/report/plots/legend';
import { render } from '#harness/report/plots/render';
import { shrink } from '#harness/report/plots/shrink';
import { measured } from '#harness/report/plots/style';
import { mostPoints, thin } from '#harness/report/plots/thin';
import { linearTicks, logTicks } from '#harness/report/plots/ticks';

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

  test('drops invisible elements, rounds coordinates, and keeps marks and words', () => {
    expect(shrink(svg)).toBe(
      '<svg width="10"><g class="mark-line role-mark m"><path d="M0.1,2L3,4" stroke="#010109"/></g><text>0.123456</text></svg>',
    );
  });
});

test('a legend wraps where it would not fit', () => {
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

test('thinning merges neighbours until there are few enough, and loses none', () => {
  const rows = Array.from({ length: 999 }, (_, index) => index);
  const thinned = thin(rows, (group) => Math.max(...group));
  expect(thinned.length).toBeLessThanOrEqual(mostPoints);
  expect(thinned.at(-1)).toBe(998);
  expect(thin(rows.slice(0, mostPoints), (group) => group[0]!)).toEqual(rows.slice(0, mostPoints));
  expect(thin([], (group: readonly number[]) => group[0]!)).toEqual([]);
});
