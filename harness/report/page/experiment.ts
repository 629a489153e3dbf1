import type { RunResult } from '#harness/result';
import { ownCode } from '#harness/trends/own-code';
import type { SetUp } from '#harness/trends/set-ups';
import { setUpsOf } from '#harness/trends/set-ups';
import type { Study } from '#harness/trends/study';
import type { TrendVerdict } from '#harness/trends/verdict';
import { wordOf } from '#harness/trends/verdict';
import { driverText, madeWith, scaleText, variantText } from '#harness/trends/words';
import type { Plot } from '../plots/plot.ts';
import type { Entry } from './contents.ts';
import { figureOf } from './figure.ts';
import type { Markup } from './html.ts';
import { markup, prose } from './html.ts';
import { verdictMark } from './verdict.ts';

/** The inputs of an experiment's section. */
export interface ExperimentContext {
  runs: readonly RunResult[];
  verdicts: readonly TrendVerdict[];
  checkIds: ReadonlyMap<TrendVerdict, string>;
  /** The figures of the whole page so far, for their numbers and for the contents. */
  figures: Entry[];
  /** Ids of those at the top of the page, each of its study's first figure. */
  onTop: Set<string>;
}

const setUpText = ({ driver, backend, guestScale, variant }: SetUp): string =>
  `driver ${driverText(driver)}, link backend ${backend}, κ_M = ${scaleText(guestScale)}${variantText(variant)}`;

const isOf = (verdict: TrendVerdict, { experiment, driver, backend, guestScale, variant }: SetUp): boolean =>
  verdict.study === experiment &&
  verdict.drivers.includes(driver) &&
  verdict.backends.includes(backend) &&
  verdict.guestScales.includes(guestScale) &&
  verdict.variant === variant;

/** The checks that are based on the figure. */
const remarksOf = ({ trends }: Plot, setUp: SetUp, { verdicts, checkIds }: ExperimentContext): Markup => {
  const checks = verdicts.filter((verdict) => trends.includes(verdict.trend) && isOf(verdict, setUp));
  if (checks.length === 0) return markup``;
  return markup`<p class="remarks">Checks:${checks.map(
    (verdict) =>
      markup` <span class="remark"><a href="#${checkIds.get(verdict) ?? ''}">${verdict.id}</a> ${verdictMark(wordOf(verdict))}</span>`,
  )}</p>`;
};

/** A set-up among those of its study. */
interface Nth {
  index: number;
  count: number;
}

const figureOfSetUp = async (
  plot: Plot,
  setUp: SetUp,
  { index, count }: Nth,
  context: ExperimentContext,
): Promise<Markup> => {
  const id = index === 0 ? plot.id : `${plot.id}-${index + 1}`;
  if (context.onTop.has(id))
    return markup`<p class="source">${plot.title}: the <a href="#${id}">figure at the top</a>.</p>`;
  const title = count === 1 ? plot.title : `${plot.title} (${setUpText(setUp)})`;
  if (!plot.isEmpty) context.figures.push({ id, title });
  const number = context.figures.length;
  return figureOf(plot, { id, number, remarks: remarksOf(plot, setUp, context) });
};

const plotsOf = (study: Study, setUp: SetUp): Plot[] =>
  study.plots.map((make) => ownCode(study, 'a plot', () => make(setUp)));

/** The first figure of the study's first testbed, for the top of the page. */
export const keyFigure = async (study: Study, context: ExperimentContext): Promise<Markup> => {
  const setUps = setUpsOf(context.runs, study.name);
  const [setUp] = setUps;
  const plot = setUp === undefined ? undefined : plotsOf(study, setUp).find(({ isEmpty }) => !isEmpty);
  if (setUp === undefined || plot === undefined) return markup``;
  const figure = await figureOfSetUp(plot, setUp, { index: 0, count: setUps.length }, context);
  context.onTop.add(plot.id);
  return figure;
};

const setUpSection = async (
  study: Study,
  setUp: SetUp,
  nth: Nth,
  context: ExperimentContext,
): Promise<Markup> => {
  const figures: Markup[] = [];
  for (const plot of plotsOf(study, setUp)) figures.push(await figureOfSetUp(plot, setUp, nth, context));
  return markup`<h3 id="${study.name}-${nth.index + 1}">${madeWith([setUp.driver])} ${prose(setUpText(setUp))}</h3>
    ${figures}`;
};

/** One experiment: what its document did, and its figures for each testbed that repeated it. */
export const experimentSection = async (study: Study, context: ExperimentContext): Promise<Markup> => {
  const { name, what, document } = study;
  const sections: Markup[] = [];
  const setUps = setUpsOf(context.runs, name);
  for (const [index, setUp] of setUps.entries())
    sections.push(await setUpSection(study, setUp, { index, count: setUps.length }, context));
  return markup`<section id="${name}">
    <h2>Experiment ${name}</h2>
    <p>${what}. <span class="source">${document}</span></p>
    ${sections.length === 0 ? markup`<p class="missing">No run of this experiment came as far as its link.</p>` : sections}
  </section>`;
};
