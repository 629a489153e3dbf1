import { formatCount } from '#harness/format';
import type { CompletedRun, RunResult } from '#harness/result';
import { median } from '#harness/median';
import { valueAt } from '#harness/measure/figures';
import type { AxisOrder } from '#harness/sweep/axis-order';
import type { Comparison } from '../comparisons.ts';
import { comparisonsBy } from '../comparisons.ts';
import { figureText, shownValue, spreadText } from '../figure-rows.ts';
import { variedPlot } from '../plots/varied-plot.ts';
import { experimentText, integrityRow } from '../summary.ts';
import type { Varied, VariedAxis, VariedCell } from '../varied.ts';
import { axisValueText, cellName, isNumeric, variedOf } from '../varied.ts';
import { isOfModel, statesText } from './about.ts';
import type { Entry } from './contents.ts';
import { figureOf } from './figure.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { timelineDrawing } from './run.ts';
import { tableOf } from './table.ts';

/** The top of the page: what came out, in a sentence, a picture, and a table of cells. */

const totalTime = 'measurement.totalTimeMs';
const downtime = 'measurement.downtimeMs';
const pageMessages = 'measurement.ram.transferred';

const plural = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

const valuesOf = (runs: readonly CompletedRun[], id: string): number[] =>
  runs.map((run) => valueAt(run, id)).filter((value) => value !== null);

const quantitiesText = (runs: readonly CompletedRun[]): Markup =>
  markup`total time <strong>${spreadText(runs, totalTime)}</strong>, downtime
    <strong>${spreadText(runs, downtime)}</strong>, page messages <strong>${spreadText(runs, pageMessages)}</strong>`;

const simulatedText = (runs: readonly RunResult[]): string =>
  runs.every(isOfModel) ? 'simulated, ' : runs.some(isOfModel) ? 'partly simulated, ' : '';

const timelineFigure = async (run: CompletedRun, id: string, what: string): Promise<Markup> =>
  markup`<figure class="timeline">
    ${await timelineDrawing(run, id, experimentText(run), true)}
    <figcaption><p>${what}</p></figcaption>
  </figure>`;

const ofOne = async (run: RunResult): Promise<Markup> => {
  const [, integrity, detail] = integrityRow(run);
  if (run.state !== 'completed')
    return markup`<p class="answer">
      <strong>${run.state}</strong>: ${simulatedText([run])}${experimentText(run)}:
      <code>${run.error.code}</code> ${run.error.message}
    </p>`;
  return markup`<p class="answer">
      ${run.state}: ${simulatedText([run])}${experimentText(run)}: ${quantitiesText([run])};
      integrity <strong>${integrity}</strong> (${detail}).
    </p>
    ${await timelineFigure(run, 'answer', 'The run over time. The shaded band is the downtime.')}`;
};

/** Values listed in a sentence; of more, the ends or the first. */
const listedMax = 6;

const valuesText = (axis: VariedAxis): string => {
  const texts = axis.values.map((value) => axisValueText(axis, value));
  if (texts.length <= listedMax) return texts.join(', ');
  return isNumeric(axis)
    ? `${texts[0] ?? ''} to ${texts.at(-1) ?? ''}, ${texts.length} values`
    : `${texts.slice(0, listedMax).join(', ')} and ${texts.length - listedMax} more`;
};

/** `strategy (pre-copy, hybrid) and stressMB (0, 1024)` */
const axesText = ({ axes }: Varied): string =>
  axes.map((axis) => `${axis.title} (${valuesText(axis)})`).join(' and ');

/** Best and worst cell by a quantity, by the medians. */
const extremesText = (varied: Varied, id: string, name: string): Markup => {
  const cells = varied.cells
    .map((cell) => ({ cell, middle: median(valuesOf(cell.completed, id)) }))
    .filter(({ middle }) => !Number.isNaN(middle))
    .sort((one, other) => one.middle - other.middle);
  const [best, worst] = [cells[0], cells.at(-1)];
  if (best === undefined || worst === undefined) return markup``;
  const textOf = ({ cell, middle }: (typeof cells)[number]): Markup =>
    markup`<strong>${figureText(id, middle)}</strong> (${cellName(varied, cell)})`;
  if (cells.length > 1 && figureText(id, best.middle) === figureText(id, worst.middle))
    return markup` Everywhere the same ${name}: <strong>${figureText(id, best.middle)}</strong>.`;
  return best === worst
    ? markup` The only ${name}: ${textOf(best)}.`
    : markup` Shortest ${name}: ${textOf(best)}; longest: ${textOf(worst)}.`;
};

const alongText = ({ along }: Varied): string =>
  along.length === 0
    ? ''
    : ` Set along with them: ${along.slice(0, listedMax).join(', ')}` +
      `${along.length > listedMax ? ` and ${along.length - listedMax} more` : ''}.`;

const cellRow = (varied: Varied, { values, runs, completed }: VariedCell): string[] => [
  ...(varied.axes.length === 0
    ? ['all']
    : varied.axes.map((axis, index) => axisValueText(axis, values[index]))),
  completed.length === runs.length ? String(runs.length) : statesText(runs),
  ...[totalTime, downtime, pageMessages].map((id) => spreadText(completed, id)),
];

/** Tables longer than that are folded. */
const openRowsMax = 30;

const cellTable = (varied: Varied, label: string, isOpen: boolean): Markup => {
  const table = tableOf({
    label: `Cells of ${label}`,
    head: [
      ...(varied.axes.length === 0 ? ['Setting'] : varied.axes.map(({ title }) => title)),
      'Runs',
      'Total time',
      'Downtime',
      'Page messages',
    ],
    rows: varied.cells.map((cell) => cellRow(varied, cell)),
  });
  return isOpen && varied.cells.length <= openRowsMax
    ? markup`${table}<p class="source">Median (least–greatest) of the completed runs of each cell.</p>`
    : markup`<details class="cells">
        <summary>${label}: table of ${plural(varied.cells.length, 'cell')}, median (least–greatest)</summary>
        ${table}
      </details>`;
};

/** Repetitions of one setting. */
const ofRepeats = async (varied: Varied, id: string): Promise<Markup> => {
  const { runs, completed } = varied.cells[0]!;
  const byTime = completed.toSorted(
    (one, other) => one.measurement.totalTimeMs - other.measurement.totalTimeMs,
  );
  const middle = byTime[Math.floor((byTime.length - 1) / 2)];
  return markup`<p class="answer">
      ${plural(runs.length, 'run')} of one setting (${statesText(runs)}): ${simulatedText(runs)}${experimentText(runs[0]!)}:
      ${quantitiesText(completed)}, median (least–greatest).
    </p>
    ${
      middle === undefined
        ? ''
        : await timelineFigure(
            middle,
            id,
            `The run with the median total time, ${shownValue(middle, totalTime)}. The shaded band is the downtime.`,
          )
    }`;
};

const ofComparison = async (varied: Varied, id: string, figures: Entry[]): Promise<Markup> => {
  const runs = varied.cells.flatMap((cell) => cell.runs);
  const plot = variedPlot(varied, id);
  if (!plot.isEmpty) figures.push({ id, title: plot.title });
  const figure = await figureOf(plot, { id, number: figures.length, remarks: markup`` });
  return markup`<p class="answer">
      Varied: ${axesText(varied)}; ${plural(varied.cells.length, 'cell')}, ${plural(runs.length, 'run')}
      (${simulatedText(runs)}${statesText(runs)}).${extremesText(varied, totalTime, 'total time')}${extremesText(varied, downtime, 'downtime')}${alongText(varied)}
    </p>
    ${figure}`;
};

const partOf = async (
  { id, title, runs }: Comparison,
  isAlone: boolean,
  { axisOrder, figures }: AnswerContext,
): Promise<Markup> => {
  const varied = variedOf(runs, axisOrder);
  const what =
    runs.length === 1
      ? markup`<p class="answer">${experimentText(runs[0]!)}: ${statesText(runs)}.</p>`
      : varied.axes.length === 0
        ? await ofRepeats(varied, id)
        : await ofComparison(varied, id, figures);
  return markup`${isAlone ? '' : markup`<h3>${title}</h3>`}${what}${cellTable(varied, title, true)}`;
};

/** What the page's top is made from. */
export interface AnswerContext {
  runs: readonly RunResult[];
  /** Those with runs. */
  studies: readonly { name: string }[];
  axisOrder: AxisOrder;
  /** A figure of each of the studies. */
  keyFigures: readonly Markup[];
  /** The figures of the page so far. */
  figures: Entry[];
}

/**
 * The answer to what was asked by these runs. A study's own question is answered by its verdicts and its figure; the
 * cells of all its parts are a table.
 */
export const answerSection = async (context: AnswerContext): Promise<Markup> => {
  const { runs, studies, axisOrder, keyFigures } = context;
  const { ofStudies, others } = comparisonsBy(runs, studies);
  const isAlone = others.length === 1 && studies.length === 0;
  const parts: Markup[] = [];
  if (runs.length === 1) parts.push(await ofOne(runs[0]!));
  else for (const comparison of others) parts.push(await partOf(comparison, isAlone, context));
  return markup`<section id="answer">
    <h2>What came out</h2>
    ${runs.length === 0 ? markup`<p class="missing">There are no runs in this result set.</p>` : ''}
    ${keyFigures}
    ${parts}
    ${runs.length === 1 ? '' : ofStudies.map(({ title, runs: group }) => cellTable(variedOf(group, axisOrder), title, false))}
  </section>`;
};
