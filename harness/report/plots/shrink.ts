import { plotFont } from './config.ts';

/**
 * Removes from Vega's SVG what draws nothing or is redundant, as a page holds hundreds of plots. The figure has its own
 * title and description; the font is set at the root.
 */
const nothings: readonly RegExp[] = [
  /<path class="(?:background|foreground)"[^>]*? d="(?:M0,0h0v0h0Z)?"[^>]*\/>/g,
  /<path class="background"(?: aria-hidden="true")? d="[^"]*"\/>/g,
  /<text [^>]*opacity="0"[^>]*>[^<]*<\/text>/g,
  / (?:aria-hidden|aria-label|pointer-events|role|aria-roledescription|xmlns:xlink|version)="[^"]*"/g,
  / (?:opacity="1"|stroke-width="[01]"|font-weight="normal"|text-anchor="start"|transform="translate\(0,0\)")/g,
  new RegExp(` font-family="${plotFont}"`, 'g'),
  / class="mark-(?!\w+ role-mark)[^"]*"/g,
  / class="(?:background|foreground)"/g,
];
const emptyGroups = /<g(?: [^>]*)?><\/g>/g;
const numbers = /-?\d+\.\d+(?:e[+-]?\d+)?/g;

/** Coordinates to a tenth of a pixel. */
const rounded = (tag: string): string =>
  tag.replaceAll(numbers, (number) => String(Math.round(Number(number) * 10) / 10));

/** The same drawing in fewer bytes. Works only on Vega's output, where `<` and `>` occur only in tags. */
export const shrink = (svg: string): string => {
  let small = svg.replaceAll(/<[^>]+>/g, rounded);
  small = nothings.reduce((text, nothing) => text.replaceAll(nothing, ''), small);
  for (let before = ''; before !== small;) {
    before = small;
    small = small.replaceAll(emptyGroups, '');
  }
  return small;
};
