import type { Markup } from './html.ts';
import { markup } from './html.ts';

/** An entry of the table of contents; ids are those of the sections. */
export interface Entry {
  id: string;
  title: string;
  entries?: readonly Entry[];
}

const listOf = (entries: readonly Entry[]): Markup =>
  markup`<ol>
    ${entries.map(
      ({ id, title, entries: below = [] }) =>
        markup`<li><a href="#${id}">${title}</a>${below.length === 0 ? '' : listOf(below)}</li>`,
    )}
  </ol>`;

export const contentsOf = (entries: readonly Entry[]): Markup =>
  markup`<nav id="contents" aria-labelledby="contents-title">
    <h2 id="contents-title">Contents</h2>
    ${listOf(entries)}
  </nav>`;
