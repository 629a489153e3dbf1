import { formatCount } from '#harness/format';
import type { RunResult } from '#harness/result';
import { experimentText } from '../summary.ts';
import { statesText } from './about.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { shortId, uniqueIds } from './ids.ts';
import { runArticle } from './run.ts';
import { tableOf } from './table.ts';

/** `10G, 2048` as the sweep labels it; a single run is named by its scenario and what it was. */
const cellText = (run: RunResult): string => {
  const { sweep, scenario } = run;
  if (sweep === null) return `${scenario.name}: ${experimentText(run)}`;
  const labels = Object.entries(sweep.cell).map(([axis, value]) => `${axis} ${value}`);
  return `${labels.join(', ')}, repetition ${sweep.repeat + 1}`;
};

const partOf = ({ sweep }: RunResult): string =>
  sweep === null ? 'Single runs' : `${sweep.name}: ${sweep.part}`;

const isExpected = ({ error }: RunResult): boolean => error?.code === 'NOT_CONVERGED';

/** Runs without figures, with the reason. Some of them are findings: pre-copy beyond its limit must fail. */
export const failuresSection = (
  runs: readonly RunResult[],
  anchors: ReadonlyMap<RunResult, string>,
): Markup => {
  const failures = runs
    .filter((run) => run.state !== 'completed')
    .sort((one, other) => Number(isExpected(one)) - Number(isExpected(other)));
  return markup`<section id="failures">
    <h2>Runs without numbers</h2>
    <p>
      A run that failed, or whose link or instruments can’t be trusted, is in no plot as a number and in no
      median. <code>NOT_CONVERGED</code> is what pre-copy beyond its limit must end with.
    </p>
    ${
      failures.length === 0
        ? markup`<p>Every run completed.</p>`
        : tableOf({
            label: 'Runs without numbers',
            head: ['Run', 'Part', 'Cell', 'State', 'Reason'],
            rows: failures.map((run) => [
              markup`<a href="#${anchors.get(run) ?? ''}">${shortId(run.runId)}</a>`,
              partOf(run),
              cellText(run),
              run.state,
              markup`<code>${run.error.code}</code> ${run.error.message}`,
            ]),
          })
    }
  </section>`;
};

/**
 * Up to so many runs are unfolded on paper, and have their timelines in two widths. Of more, each has its line:
 * hundreds of pages would be nobody's gain.
 */
const fewMax = 12;

/** All runs by part, folded. */
export const runsSection = async (
  runs: readonly RunResult[],
  anchors: ReadonlyMap<RunResult, string>,
): Promise<Markup> => {
  const isFew = runs.length <= fewMax;
  const groups: Markup[] = [];
  const parts = Map.groupBy(runs, partOf);
  const ids = uniqueIds('runs', [...parts.keys()], (part) => part);
  for (const [part, members] of parts) {
    const articles: Markup[] = [];
    for (const run of members)
      articles.push(await runArticle(run, anchors.get(run) ?? '', cellText(run), isFew));
    groups.push(
      markup`<details class="group" id="${ids.get(part) ?? ''}">
        <summary>
          <h3>${part}</h3>
          <span>${statesText(members)}</span>
        </summary>
        ${articles}
      </details>`,
    );
  }
  return markup`<section id="runs" class="${isFew ? 'few' : 'many'}">
    <h2>All ${formatCount(runs.length)} runs</h2>
    <p>
      Each with its timeline and its raw result. In a timeline the shaded band is the downtime, a dashed box
      is the time in which the link was cut, the dashed verticals are the start and the end of the migration; times and sizes are as measured, never divided by
      κ<sub>M</sub>.
    </p>
    ${groups}
  </section>`;
};
