/** Markup as a type of its own: text becomes markup only by being escaped, or by `trusted` where we made it ourselves. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | null | undefined | false | readonly Value[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Control characters have no place in a page: HTML forbids them, and a terminal that prints the file obeys them.
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** For element content and for attribute values in quotes. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(controls, '\ufffd').replaceAll(/[&<>"']/g, (character) => entities[character]!);

const textOf = (value: Value): string => {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeHtml(String(value));
};

/**
 * A template whose values are escaped unless they are markup; lists are joined, null and false are nothing. Indentation
 * of the source is not for the page.
 */
export const markup = (strings: TemplateStringsArray, ...values: readonly Value[]): Markup => {
  const raw = strings.map((text) => text.replaceAll(/\n\s+/g, '\n'));
  return new Markup(String.raw({ raw }, ...values.map(textOf)));
};

/** A sentence in which κ_M and D_max stand with their index lowered. */
export const prose = (text: string): Markup =>
  new Markup(escapeHtml(text).replaceAll(/(κ|D)_(M|max)\b/g, '$1<sub>$2</sub>'));

/** Markup of our own making: a rendered plot, the style sheet. Never for text of a result. */
export const trusted = (text: string): Markup => new Markup(text);

/** An id for the page's links: letters, digits and dashes. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
