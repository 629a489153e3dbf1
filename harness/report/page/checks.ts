import type { Judgement } from '#harness/trends/judgement';
import { frozenText } from '#harness/trends/judgement';
import { kindTexts } from '#harness/trends/kind';
import { publishedOverMeasuredText } from '#harness/trends/show/common';
import type { TrendVerdict } from '#harness/trends/verdict';
import { eraTexts, wordOf } from '#harness/trends/verdict';
import { madeWith } from '#harness/trends/words';
import { shortId } from './ids.ts';
import type { Markup } from './html.ts';
import { markup, prose } from './html.ts';
import { setUpText, verdictMark } from './verdict.ts';

const columns = [
  'Check',
  'Statement',
  'Published',
  'Measured [95 % CI]',
  'Published ÷ measured',
  'Tolerance',
  'Kind',
  'Verdict',
] as const;

/** Link targets of the table. */
export interface CheckLinks {
  /** Ids of rows. */
  ids: ReadonlyMap<TrendVerdict, string>;
  /** Ids of runs on the page, by run id. */
  runs: ReadonlyMap<string, string>;
}

/** A check's runs, as links; folded, as there may be dozens. */
const runsOf = ({ runIds }: TrendVerdict, links: CheckLinks): Markup | '' =>
  runIds.length === 0
    ? ''
    : markup`<details class="run-links">
        <summary>${runIds.length} ${runIds.length === 1 ? 'run' : 'runs'}</summary>
        ${runIds.map((id) => {
          const anchor = links.runs.get(id);
          return anchor === undefined
            ? markup`<span>${shortId(id)}</span> `
            : markup`<a href="#${anchor}">${shortId(id)}</a> `;
        })}
      </details>`;

/** Longer explanations are folded, in characters. */
const openTextMax = 160;

/** What there is to say about a verdict, and on what the eras' ones rest. */
const explanationOf = (verdict: TrendVerdict): Markup => {
  const texts = [verdict.explanation, ...eraTexts(verdict)].filter((text) => text !== null);
  const paragraphs = markup`${texts.map((text) => markup`<p>${prose(text)}</p>`)}`;
  return texts.join(' ').length <= openTextMax
    ? paragraphs
    : markup`<details class="explanation">
        <summary>Explanation</summary>
        ${paragraphs}
      </details>`;
};

/** The figures in one row, their explanation in the next, full width. */
const rowsOf = (verdict: TrendVerdict, links: CheckLinks): Markup =>
  markup`<tr id="${links.ids.get(verdict) ?? ''}" class="check">
    <th scope="row">${verdict.id}</th>
    <td class="statement">${prose(verdict.statement)} <span class="source">${verdict.table}</span></td>
    <td>${prose(verdict.published)}</td>
    <td>${prose(verdict.measured ?? '–')}</td>
    <td>${publishedOverMeasuredText(verdict)}</td>
    <td>${prose(verdict.tolerance)}</td>
    <td>${kindTexts[verdict.kind]}</td>
    <td>${verdictMark(wordOf(verdict))}</td>
  </tr>
  <tr class="why">
    <td></td>
    <td colspan="${columns.length - 1}">
      ${explanationOf(verdict)}
      ${runsOf(verdict, links)}
    </td>
  </tr>`;

const groupTitle = (verdict: TrendVerdict): string => {
  const setUp = setUpText(verdict);
  return setUp === ''
    ? verdict.document
    : `${verdict.document}; ${madeWith(verdict.drivers).toLowerCase()} ${setUp}`;
};

const tableOf = (verdicts: readonly TrendVerdict[], links: CheckLinks): Markup =>
  markup`<div class="scroll" tabindex="0" role="region" aria-label="Checks on the documents’ trends">
    <table class="text checks">
      <thead>
        <tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr>
      </thead>
      ${[...Map.groupBy(verdicts, groupTitle)].map(
        ([title, group]) =>
          markup`<tbody>
            <tr><th scope="rowgroup" colspan="${columns.length}" class="group"><span>${prose(title)}</span></th></tr>
            ${group.map((verdict) => rowsOf(verdict, links))}
          </tbody>`,
      )}
    </table>
  </div>`;

/**
 * Every check with its verdict, by document and set-up.
 * @param absent studies that the result set has no runs of
 */
export const checksSection = (judgement: Judgement, absent: readonly string[], links: CheckLinks): Markup => {
  const { verdicts } = judgement;
  return markup`<section id="checks">
    <h2>Checks on the documents’ trends</h2>
    <p>
      A check gates on orderings, slopes and ratios, never on absolute seconds. Its tolerance was frozen
      on ${frozenText(judgement)}, before anything was measured. <em>Contested</em>: the document’s claim is doubtful itself.
      <em>Not measured</em>: the result set lacks what the check needs; what is missing stands with it.
      <em>Holds in era</em>: it fails as measured, and holds with the fixed time that the document’s software added; the
      figure as measured stands beside.
      Intervals are percentile bootstraps over the repetitions.
    </p>
    ${absent.length === 0 ? '' : markup`<p class="source">No runs here of ${absent.join(', ')}: their checks are left out.</p>`}
    ${
      verdicts.length === 0
        ? markup`<p class="missing">No check was made on this result set.</p>`
        : tableOf(verdicts, links)
    }
  </section>`;
};
