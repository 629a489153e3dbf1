import type { RunResult } from '../../result.ts';
import type { Setting } from '../../trends/cells.ts';
import { settingsOf } from '../../trends/cells.ts';
import type { Experiment } from '../../trends/published.ts';
import { publishedFigures } from '../../trends/published.ts';
import type { TrendVerdict } from '../../trends/verdict.ts';
import { scaleText, variantText } from '../../trends/words.ts';
import { plotsOf } from '../plots/index.ts';
import type { Plot } from '../plots/plot.ts';
import type { Entry } from './contents.ts';
import { figureOf } from './figure.ts';
import type { Markup } from './html.ts';
import { markup, prose } from './html.ts';
import { verdictMark } from './verdict.ts';

/** What an experiment's section is told with. */
export interface ExperimentContext {
  runs: readonly RunResult[];
  verdicts: readonly TrendVerdict[];
  checkIds: ReadonlyMap<TrendVerdict, string>;
  /** The figures of the whole page so far, for their numbers and for the contents. */
  figures: Entry[];
}

export const settingText = ({ driver, backend, guestScale, variant }: Setting): string =>
  `driver ${driver}, link backend ${backend}, κ_M = ${scaleText(guestScale)}${variantText(variant)}`;

const isOf = (verdict: TrendVerdict, { driver, backend, guestScale, variant }: Setting): boolean =>
  verdict.drivers.includes(driver) &&
  verdict.backends.includes(backend) &&
  verdict.guestScales.includes(guestScale) &&
  verdict.variant === variant;

/** The checks that rest on what the figure shows. */
const remarksOf = ({ trends }: Plot, setting: Setting, { verdicts, checkIds }: ExperimentContext): Markup => {
  const checks = verdicts.filter((verdict) => trends.includes(verdict.trend) && isOf(verdict, setting));
  if (checks.length === 0) return markup``;
  return markup`<p class="remarks">Checks:${checks.map(
    (verdict) =>
      markup` <span class="remark"><a href="#${checkIds.get(verdict) ?? ''}">${verdict.id}</a> ${verdictMark(verdict.verdict)}</span>`,
  )}</p>`;
};

const settingSection = async (
  experiment: Experiment,
  setting: Setting,
  { index, count }: { index: number; count: number },
  context: ExperimentContext,
): Promise<Markup> => {
  const figures: Markup[] = [];
  for (const make of plotsOf[experiment]) {
    const plot = make(setting);
    const id = index === 0 ? plot.id : `${plot.id}-${index + 1}`;
    const title = count === 1 ? plot.title : `${plot.title} (${settingText(setting)})`;
    if (!plot.isEmpty) context.figures.push({ id, title });
    const number = context.figures.length;
    figures.push(await figureOf(plot, { id, number, remarks: remarksOf(plot, setting, context) }));
  }
  return markup`<h3 id="${experiment}-${index + 1}">Measured with ${prose(settingText(setting))}</h3>
    ${figures}`;
};

/** One experiment: what its document did, and its figures for each testbed that repeated it. */
export const experimentSection = async (
  experiment: Experiment,
  context: ExperimentContext,
): Promise<Markup> => {
  const { what, document } = publishedFigures[experiment];
  const sections: Markup[] = [];
  const settings = settingsOf(context.runs, experiment);
  for (const [index, setting] of settings.entries())
    sections.push(await settingSection(experiment, setting, { index, count: settings.length }, context));
  return markup`<section id="${experiment}">
    <h2>Experiment ${experiment}</h2>
    <p>${what}. <span class="source">${document}</span></p>
    ${sections.length === 0 ? markup`<p class="missing">No run of this experiment is in the result set.</p>` : sections}
  </section>`;
};
