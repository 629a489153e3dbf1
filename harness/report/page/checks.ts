import type { Judgement } from '../../trends/judgement.ts';
import type { TrendVerdict } from '../../trends/verdict.ts';
import { shortId } from './ids.ts';
import type { Markup } from './html.ts';
import { markup, prose } from './html.ts';
import { setUpText, verdictMark } from './verdict.ts';

const columns = ['Check', 'Statement', 'Published', 'Measured [95 % CI]', 'Tolerance', 'Verdict'] as const;

/** What the table links to. */
export interface CheckLinks {
  /** Ids of rows. */
  ids: ReadonlyMap<TrendVerdict, string>;
  /** Ids of runs on the page, by run id. */
  runs: ReadonlyMap<string, string>;
}

/** A check's runs, as links; folded away, for there may be dozens. */
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

/** The figures in one row, what explains them in the next, over its whole width. */
const rowsOf = (verdict: TrendVerdict, links: CheckLinks): Markup =>
  markup`<tr id="${links.ids.get(verdict) ?? ''}" class="check">
    <th scope="row">${verdict.id}</th>
    <td class="statement">${prose(verdict.statement)} <span class="source">${verdict.table}</span></td>
    <td>${prose(verdict.published)}</td>
    <td>${prose(verdict.measured ?? '–')}</td>
    <td>${prose(verdict.tolerance)}</td>
    <td>${verdictMark(verdict.verdict)}</td>
  </tr>
  <tr class="why">
    <td></td>
    <td colspan="${columns.length - 1}">
      ${verdict.explanation === null ? '' : markup`<p>${prose(verdict.explanation)}</p>`}
      ${runsOf(verdict, links)}
    </td>
  </tr>`;

const groupTitle = (verdict: TrendVerdict): string => {
  const setUp = setUpText(verdict);
  return setUp === '' ? verdict.document : `${verdict.document}; measured with ${setUp}`;
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

/** Every check with its verdict, by document and set-up. */
export const checksSection = ({ verdicts, tolerancesFrozenOn }: Judgement, links: CheckLinks): Markup =>
  markup`<section id="checks">
    <h2>Checks on the documents’ trends</h2>
    <p>
      A check gates on orderings, slopes and ratios, never on absolute seconds. Its tolerance was frozen
      on ${tolerancesFrozenOn}, before anything was measured. <em>Contested</em>: the document’s claim is doubtful itself.
      <em>Not measured</em>: the result set lacks what the check needs; what is missing stands with it.
      Intervals are percentile bootstraps over the repetitions.
    </p>
    ${
      verdicts.length === 0
        ? markup`<p class="missing">No check was made on this result set.</p>`
        : tableOf(verdicts, links)
    }
  </section>`;
