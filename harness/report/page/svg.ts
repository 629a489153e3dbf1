import { escapeHtml, trusted } from './html.ts';
import type { Markup } from './html.ts';
import { colourRules } from '../palette.ts';
import { plotFont } from '../plots/config.ts';

/** A drawing's title and description, for screen readers. */
export interface Words {
  id: string;
  title: string;
  description: string;
}

const openTag = /^<svg [^>]*?width="(\d+)" height="(\d+)"[^>]*>/;

const withWords = (
  svg: string,
  { id, title, description }: Words,
  attributes: string,
  style: string,
): string =>
  svg.replace(
    openTag,
    (_, width: string, height: string) =>
      `<svg ${attributes} viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `role="img" aria-labelledby="${id}-title ${id}-desc" font-family="${plotFont}">` +
      `<title id="${id}-title">${escapeHtml(title)}</title>` +
      `<desc id="${id}-desc">${escapeHtml(description)}</desc>${style}`,
  );

/** A drawing inside the page, with the page's colours. */
export const inlineSvg = (svg: string, words: Words): Markup =>
  trusted(withWords(svg, words, 'class="drawing"', ''));

/** A drawing as a separate file, with its own colours for light and dark. */
export const standaloneSvg = (svg: string, words: Words): string =>
  `${withWords(svg, words, 'xmlns="http://www.w3.org/2000/svg"', `<style>${colourRules('svg')}</style>`)}\n`;
