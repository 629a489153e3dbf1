import type { Contradiction } from '#harness/trends/study';
import { figure } from '../figures.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { tableOf } from './table.ts';

const withUnit = (value: number, unit: string): string =>
  unit === '' ? figure(value) : `${figure(value)} ${unit}`;

/** Where the documents contradict themselves or each other: no measurement can agree with both sides. */
export const contradictionsSection = (contradictions: readonly Contradiction[]): Markup =>
  markup`<section id="contradictions">
    <h2>Contradictions in the documents</h2>
    <p>
      Figures for the same thing that can’t both be, computed from what the documents print. No measurement can agree
      with both sides.
    </p>
    ${
      contradictions.length === 0
        ? markup`<p class="missing">None listed.</p>`
        : tableOf({
            label: 'Contradictions in the documents',
            head: ['Claim', 'Claimed', 'Computed', 'From', 'Document'],
            rows: contradictions.map(({ claim, claimed, computed, unit, tables, document }) => [
              markup`<span class="claim">${claim}</span>`,
              withUnit(claimed, unit),
              withUnit(computed, unit),
              tables,
              markup`<span class="source">${document}</span>`,
            ]),
          })
    }
  </section>`;
