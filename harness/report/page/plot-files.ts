import type { RunResult } from '../../result.ts';
import { settingsOf } from '../../trends/cells.ts';
import { experiments } from '../../trends/published.ts';
import { plotsOf } from '../plots/index.ts';
import { plotWidths } from '../plots/plot.ts';
import { render } from '../plots/render.ts';
import { standaloneSvg } from './svg.ts';

/** A plot as a file of its own, light and dark in one. */
export interface PlotFile {
  name: string;
  text: string;
}

/** The experiment plots of a result set; those of a second set-up are numbered. */
export const plotFiles = async (runs: readonly RunResult[]): Promise<PlotFile[]> => {
  const files: PlotFile[] = [];
  for (const experiment of experiments)
    for (const [index, setting] of settingsOf(runs, experiment).entries())
      for (const make of plotsOf[experiment]) {
        const plot = make(setting);
        if (plot.isEmpty) continue;
        const id = index === 0 ? plot.id : `${plot.id}-${index + 1}`;
        const svg = await render(plot.spec(plotWidths.wide));
        files.push({ name: `${id}.svg`, text: standaloneSvg(svg, { ...plot, id }) });
      }
  return files;
};
