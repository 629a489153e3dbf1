import type { Markup } from './html.ts';
import { markup, prose } from './html.ts';

const barsText = 'on measured points are the whole range of the repetitions, the point is their median.';

const ofStudies = markup`<p>
      <b>Published and measured.</b> In every plot of an experiment hollow symbols and dashed lines are what the documents
      print, filled symbols are what was measured here. Links differ by colour and by shape, so that nothing
      rests on colour alone.
    </p>
    <p>
      <b>Error bars</b> ${barsText}
      Published points have bars only where the document gives a standard deviation. Intervals in the table of
      checks are 95 % bootstraps.
    </p>
    <p>
      <b>Scale.</b> Links are never scaled. Guest memory may be: κ<sub>M</sub> is its share of the published size. Axes
      are in the published terms; where seconds or bytes of a whole migration are compared, measured values
      are divided by κ<sub>M</sub> and the axis says so. Downtimes, rates, ratios and pre-copy’s limit are as measured.
    </p>`;

const ofOthers = markup`<p><b>Error bars</b> ${barsText}</p>`;

/** What readers need to know before the plots. @param hasStudies whether there is something published to compare with */
export const methodSection = (notes: readonly string[], hasStudies: boolean): Markup =>
  markup`<section id="method">
    <h2>How to read this page</h2>
    ${hasStudies ? ofStudies : ofOthers}
    <p>
      <b>Downtime</b> runs from the guest’s last instruction at the source to its first at the destination, on
      one monotonic clock; an observer outside pings the guest and must agree, or the run is invalid.
      <b>Total time</b> ends when the guest runs at the destination with all its pages.
    </p>
    ${notes.length === 0 ? '' : markup`<p>In this result set:</p><ul>${notes.map((note) => markup`<li>${prose(note)}</li>`)}</ul>`}
  </section>`;
