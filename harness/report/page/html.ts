/** Markup as a separate type: text becomes markup only by escaping, or by `trusted` if we generated it ourselves. */
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

// No control characters: HTML forbids them, and a terminal that prints the file would interpret them.
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** For element content and quoted attribute values. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(controls, '\ufffd').replaceAll(/[&<>"']/g, (character) => entities[character]!);

const textOf = (value: Value): string => {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeHtml(String(value));
};

/**
 * A template whose values are escaped unless they are markup; lists are joined, null and false are omitted. Indentation
 * of the source is dropped.
 */
export const markup = (strings: TemplateStringsArray, ...values: readonly Value[]): Markup => {
  const raw = strings.map((text) => text.replaceAll(/\n\s+/g, '\n'));
  return new Markup(String.raw({ raw }, ...values.map(textOf)));
};

/** Text with the indices of κ_M and D_max lowered. */
export const prose = (text: string): Markup =>
  new Markup(escapeHtml(text).replaceAll(/(κ|D)_(M|max)\b/g, '$1<sub>$2</sub>'));

/** Markup that we generated: a rendered plot, the style sheet. Never for text from a result. */
export const trusted = (text: string): Markup => new Markup(text);

/** An id for the page's links: letters, digits and dashes. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
