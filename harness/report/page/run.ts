import { disagreementOf } from '#harness/measure/cross-checks';
import { formatMs } from '#harness/format';
import { guestRows } from '../guest.ts';
import { figureAt } from '#harness/measure/figures';
import type { CompletedRun, RunResult } from '#harness/result';
import { detailsOf, figureRows, labelOf, linkText, shownValue } from '../figure-rows.ts';
import { hostLoadRows } from '../host-load.ts';
import { serviceRows } from '../service.ts';
import { storageRows } from '../storage.ts';
import { timelineRows } from '../timeline.ts';
import { trafficRows } from '../traffic.ts';
import type { TimelineSize } from '../plots/timeline.ts';
import { drawTimeline, missingPanels } from '../plots/timeline.ts';
import { doubtedRunOf, experimentText } from '../summary.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { compactJson, packed } from './pack.ts';
import { serviceFigure } from './service.ts';
import { inlineSvg } from './svg.ts';
import { factsOf } from './table.ts';

type Facts = (readonly [term: string, value: string])[];

const capitalised = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** The rows of the terminal's summary, under the same names. */
const measuredFacts = (run: CompletedRun): Facts => [
  ...figureRows.map((row): [string, string] => {
    const details = detailsOf(run, row);
    return [capitalised(labelOf(row)), `${shownValue(run, row.id)}${details === '' ? '' : ` (${details})`}`];
  }),
  ...trafficRows(run).map(([kind, figure, detail], nth): [string, string] => [
    `Traffic ${nth + 1}`,
    `${kind}, ${figure} (${detail})`,
  ]),
  ...[...storageRows(run), ...hostLoadRows(run), ...serviceRows(run)].map(
    ([label, figure, detail]): [string, string] => [capitalised(label), `${figure} (${detail})`],
  ),
  ...run.measurement.linkCuts.map(({ startMs, durationMs, plannedMs }): [string, string] => [
    'Link cut',
    `${formatMs(durationMs ?? plannedMs)} from ${formatMs(startMs)} on`,
  ]),
];

/** The measurements; if they are unreliable, every line says so. */
const figureFacts = (run: RunResult): Facts => {
  if (run.state === 'completed') return measuredFacts(run);
  const doubted = doubtedRunOf(run);
  return doubted === null ? [] : measuredFacts(doubted).map(([term, value]) => [`${term} (invalid)`, value]);
};

const settingFacts = (run: RunResult): Facts => {
  const { calibration, backend } = run.link;
  return [
    ['Experiment', experimentText(run)],
    [
      'Link as calibrated',
      calibration === null ? 'not calibrated' : `${linkText(run)}, backend ${backend ?? 'none'}`,
    ],
    ['Run', run.runId],
    ['Started', run.startedAt],
    ['Seed', String(run.scenario.seed)],
    ...timelineRows(run).map(([, when, detail], nth): [string, string] => [
      `Timeline ${nth + 1}`,
      `${when}, ${detail}`,
    ]),
    ...run.crossChecks.map((check): [string, string] => [
      `Cross-check: ${check.name}`,
      check.verdict === 'disagree'
        ? `disagree (${disagreementOf(check)})`
        : `${check.verdict} (${check.reason})`,
    ]),
  ];
};

/** A run's timeline in one size, with its words. @param cell names the run */
const sizedTimeline = async (
  run: CompletedRun,
  id: string,
  cell: string,
  size: TimelineSize,
): Promise<Markup> => {
  const missing = missingPanels(run);
  const svg = await drawTimeline(run, size);
  const { totalTimeMs, downtimeMs, downtimeStartMs } = run.measurement;
  return inlineSvg(svg, {
    id: `${id}-timeline-${size}`,
    title: `Timeline of ${cell}`,
    description:
      `Where the guest ran and what was sent, link throughput, dirty rate, remaining memory, guest operations and pings over ${formatMs(totalTimeMs)}, with the ` +
      `downtime of ${formatMs(downtimeMs)} from ${formatMs(downtimeStartMs)} on, and the histogram of fault latencies.` +
      (missing.length === 0 ? '' : ` Not recorded: ${missing.join(', ')}.`),
  });
};

/** A run's timeline: for a phone, and for the width that there is. Of many runs, only the former. */
export const timelineDrawing = async (
  run: CompletedRun,
  id: string,
  cell: string,
  isForAll = false,
): Promise<Markup> =>
  isForAll
    ? markup`<div class="wide">${await sizedTimeline(run, id, cell, 'wide')}</div>
        <div class="narrow">${await sizedTimeline(run, id, cell, 'narrow')}</div>`
    : sizedTimeline(run, id, cell, 'narrow');

const timelineOf = async (run: CompletedRun, id: string, cell: string, isForAll: boolean): Promise<Markup> =>
  markup`<figure class="timeline">
    ${await timelineDrawing(run, id, cell, isForAll)}
    <figcaption>
      <button type="button" class="timeline-csv" data-name="${id}-timeline.csv" hidden>Timeline as CSV</button>
    </figcaption>
  </figure>`;

const failureOf = (run: RunResult): Markup =>
  run.error === null
    ? markup``
    : markup`<p class="failure">
          <strong>${run.state}</strong>: <code>${run.error.code}</code> ${run.error.message}
        </p>
        ${(run.error.problems ?? []).map((problem) => markup`<p class="failure">${problem}</p>`)}
        ${guestRows(run).map(
          ([label, place, detail]) =>
            markup`<p class="failure"><strong>${label}</strong>: ${place === '' ? '' : `${place}, `}${detail}</p>`,
        )}`;

const glanceIds = ['totalTimeMs', 'downtimeMs', 'ram.transferred'].map((id) => `measurement.${id}`);

/** The text of the folded line. */
const glance = (run: RunResult): string =>
  run.state === 'completed'
    ? glanceIds.map((id) => `${figureAt(id).label} ${shownValue(run, id)}`).join(', ')
    : `${run.state}: ${run.error.code}`;

/** One run: its timeline, its figures, its raw result. @param isForAll whether its timeline is drawn for every width */
export const runArticle = async (
  run: RunResult,
  id: string,
  cell: string,
  isForAll = false,
): Promise<Markup> =>
  markup`<details class="run" id="${id}">
    <summary><span class="cell">${cell}</span> <span class="glance">${glance(run)}</span></summary>
    <div class="run-body">
      ${run.state === 'completed' ? await timelineOf(run, id, cell, isForAll) : failureOf(run)}
      ${run.state === 'completed' ? await serviceFigure(run, id, cell) : ''}
      <div class="run-facts">
        ${factsOf([...figureFacts(run), ...settingFacts(run)])}
        <details class="raw">
          <summary>Raw result</summary>
          <p>
            <a
              class="download result"
              download="${id}.json.gz"
              href="data:application/gzip;base64,${await packed(compactJson(run))}"
>Result as JSON</a> <span class="source">(fractions to nine digits)</span>
          </p>
          <pre tabindex="0" aria-label="Raw result of ${id}"></pre>
        </details>
      </div>
    </div>
  </details>`;
