import { describe, expect, test } from '@jest/globals';
import type { ColourName } from '#harness/report/palette';
import { colourRules, palette, withVariables } from '#harness/report/palette';

/** WCAG 2.2, relative luminance. */
const luminance = (colour: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};

const contrast = (one: string, other: string): number => {
  const [dark, light] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light! + 0.05) / (dark! + 0.05);
};

const texts: ColourName[] = ['ink', 'soft', 'link', 'good', 'bad', 'open'];
const marks: ColourName[] = ['a', 'b', 'c', 'd', 'soft', 'ink', 'axis', 'bad'];

describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
  test.each(texts)('text in %s is legible on the page and on a tint', (name) => {
    for (const ground of ['paper', 'wash'] as const)
      expect(contrast(palette[name][scheme], palette[ground][scheme])).toBeGreaterThanOrEqual(4.5);
  });

  test.each(marks)('marks in %s are visible, on the downtime band too', (name) => {
    expect(contrast(palette[name][scheme], palette.paper[scheme])).toBeGreaterThanOrEqual(3);
    if (name !== 'axis')
      expect(contrast(palette[name][scheme], palette.band[scheme])).toBeGreaterThanOrEqual(3);
  });
});

test('contrast is computed as WCAG defines it', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

test('each sentinel becomes its own variable, and other colours stay', () => {
  const sentinels = Object.values(palette).map(({ sentinel }) => sentinel);
  expect(new Set(sentinels).size).toBe(sentinels.length);
  for (const [name, { sentinel }] of Object.entries(palette))
    expect(withVariables(`<path fill="${sentinel}"/>`)).toBe(`<path fill="var(--${name})"/>`);
  expect(withVariables('<path fill="#abcdef"/>')).toBe('<path fill="#abcdef"/>');
});

test('paper is light, whatever the screen is', () => {
  const rules = colourRules(':root');
  expect(rules.indexOf(`--paper:${palette.paper.light}`)).toBeLessThan(rules.indexOf('@media'));
  expect(rules).toContain('@media screen and (prefers-color-scheme:dark)');
});
