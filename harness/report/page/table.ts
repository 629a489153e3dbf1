import type { Markup } from './html.ts';
import { markup } from './html.ts';

type Cell = string | number | Markup;

export interface Table {
  /** What the table shows, for readers who jump from table to table. */
  label: string;
  head: readonly Cell[];
  /** The first cell of a row is its header. */
  rows: readonly (readonly Cell[])[];
  /** For the style sheet. */
  kind?: 'figures' | 'text' | 'pairs';
}

/** A table in a box that scrolls sideways, also by keyboard. */
export const tableOf = ({ label, head, rows, kind = 'text' }: Table): Markup =>
  markup`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table class="${kind}">
      <thead>
        <tr>
          ${head.map((cell) => markup`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...rest]) =>
            markup`<tr>
              <th scope="row">${first ?? ''}</th>
              ${rest.map((cell) => markup`<td>${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;

/** Terms and their values. */
export const factsOf = (facts: readonly (readonly [term: string, value: Cell])[]): Markup =>
  markup`<dl class="facts">
    ${facts.map(
      ([term, value]) =>
        markup`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
