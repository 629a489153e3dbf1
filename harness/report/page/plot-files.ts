import type { RunResult } from '#harness/result';
import type { AxisOrder } from '#harness/sweep/axis-order';
import { ownCode } from '#harness/trends/own-code';
import { setUpsOf } from '#harness/trends/set-ups';
import type { Study } from '#harness/trends/study';
import { comparisonsBy } from '../comparisons.ts';
import type { Plot } from '../plots/plot.ts';
import { plotWidths } from '../plots/plot.ts';
import { render } from '../plots/render.ts';
import { variedPlot } from '../plots/varied-plot.ts';
import { variedOf } from '../varied.ts';
import { standaloneSvg } from './svg.ts';

/** A plot as a separate file, for light and dark. */
export interface PlotFile {
  name: string;
  text: string;
}

const fileOf = async (plot: Plot, id: string): Promise<PlotFile> => {
  const svg = await render(plot.spec(plotWidths.wide));
  return { name: `${id}.svg`, text: standaloneSvg(svg, { ...plot, id }) };
};

/**
 * The plots of a result set: those of experiments, where those of a second set-up are numbered, and those of what was
 * varied in other runs.
 */
export const plotFiles = async (
  runs: readonly RunResult[],
  studies: readonly Study[],
  axisOrder?: AxisOrder,
): Promise<PlotFile[]> => {
  const files: PlotFile[] = [];
  for (const study of studies)
    for (const [index, setUp] of setUpsOf(runs, study.name).entries())
      for (const make of study.plots) {
        const plot = ownCode(study, 'a plot', () => make(setUp));
        if (plot.isEmpty) continue;
        const id = index === 0 ? plot.id : `${plot.id}-${index + 1}`;
        files.push(await fileOf(plot, id));
      }
  for (const { id, runs: compared } of comparisonsBy(runs, studies).others) {
    const varied = variedOf(compared, axisOrder);
    if (varied.axes.length === 0) continue;
    const plot = variedPlot(varied, id);
    if (!plot.isEmpty) files.push(await fileOf(plot, id));
  }
  return files;
};
