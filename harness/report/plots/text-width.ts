import * as vega from 'vega';

/** A mean character of common sans-serif fonts, in ems; a little wide, so that nothing overlaps. */
const meanCharacterEm = 0.56;

/** Estimated width of a text in px, without a canvas. */
export const textWidth = (text: string, fontSizePx: number): number =>
  text.length * fontSizePx * meanCharacterEm;

/** The hook that Vega keeps for measuring text (its typings leave it out). */
interface Measured {
  textMetrics: { width: (item: { fontSize?: number }, text: string | number | null) => number };
}

/** Vega estimates 0.8 em per character, which leaves a third of a drawing empty. */
export const measureTextOurselves = (): void => {
  (vega as unknown as Measured).textMetrics.width = ({ fontSize = 11 }, text) =>
    textWidth(String(text ?? ''), fontSize);
};
