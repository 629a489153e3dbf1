import { csvText } from '../csv.ts';
import type { Plot } from '../plots/plot.ts';
import { plotWidths } from '../plots/plot.ts';
import { render } from '../plots/render.ts';
import type { Markup } from './html.ts';
import { markup, prose } from './html.ts';
import { inlineSvg } from './svg.ts';
import { tableOf } from './table.ts';

/** A figure's place on the page. */
export interface Place {
  id: string;
  number: number;
  /** Follows the caption: what was checked on it. */
  remarks: Markup;
}

const drawing = async (plot: Plot, id: string, size: keyof typeof plotWidths): Promise<Markup> => {
  const svg = await render(plot.spec(plotWidths[size]));
  return markup`<div class="${size}">${inlineSvg(svg, { ...plot, id: `${id}-${size}` })}</div>`;
};

/** Small enough to embed in the link, so that it works without scripts. */
const csvLink = (plot: Plot, id: string): Markup =>
  markup`<a
    class="download"
    download="${id}.csv"
    href="data:text/csv;charset=utf-8,${encodeURIComponent(csvText(plot.csv))}"
>Data as CSV</a>`;

const missingOf = ({ missing }: Plot): Markup | '' =>
  missing.length === 0 ? '' : markup`<p class="missing">Not in this result set: ${missing.join('; ')}.</p>`;

/** A plot with its number, caption, data and what is missing; without any data only the last. */
export const figureOf = async (plot: Plot, { id, number, remarks }: Place): Promise<Markup> => {
  if (plot.isEmpty)
    return markup`<section class="figure" id="${id}">
      <h4>${plot.title}</h4>
      <p class="missing">Not measured: ${plot.missing.join('; ')}.</p>
    </section>`;
  return markup`<figure class="figure" id="${id}">
    <h4>Figure ${number}. ${plot.title}</h4>
    ${await drawing(plot, id, 'wide')} ${await drawing(plot, id, 'narrow')}
    <figcaption>
      <p>${prose(plot.caption)}</p>
      ${missingOf(plot)}${remarks}
      <div class="tools">
        ${csvLink(plot, id)}
        <details class="data">
          <summary>Data as a table</summary>
          ${tableOf({ label: `Data of figure ${number}`, ...plot.table, kind: 'figures' })}
        </details>
      </div>
    </figcaption>
  </figure>`;
};
