import type { Labels, Needs, Runs } from 'livemig/study';
import type { Flavour, Load, Site } from './published.ts';
import { flavours, loads, sites, siteText } from './published.ts';

/** Post-copy over the WAN: common parts of trends 7 to 10, which are judged at the documents' measured rates. */

/** `measured` has the rate that the documents' iperf reached, `10G` the nominal one. */
export type Rate = 'measured' | '10G';

export interface WanCell {
  site: Site;
  flavour: Flavour;
  load: Load;
  runs: Runs;
}

const labelsOf = (site: Site, flavour: Flavour, load: Load, rate: Rate): Labels => ({
  link: site,
  rate,
  flavour,
  load,
});

/** A cell that the check requires. */
export const wanCell = (
  need: Needs,
  site: Site,
  flavour: Flavour,
  load: Load,
  part: 'post-copy' | 'every-page' = 'post-copy',
): WanCell => ({
  site,
  flavour,
  load,
  runs: need.cell(part, labelsOf(site, flavour, load, 'measured')),
});

/** The existing cells with enough repeats. */
export const wanCells = (
  need: Needs,
  options: { part?: string; rate?: Rate; load?: Load; site?: Site } = {},
): WanCell[] => {
  const { part = 'post-copy', rate = 'measured' } = options;
  return sites
    .filter((site) => site === (options.site ?? site))
    .flatMap((site) =>
      loads
        .filter((load) => load === (options.load ?? load))
        .flatMap((load) =>
          flavours.map((flavour) => ({
            site,
            flavour,
            load,
            runs: need.optional(part, labelsOf(site, flavour, load, rate)),
          })),
        ),
    )
    .filter(({ runs }) => runs.length > 0);
};

export const wanCellText = ({ site, flavour, load }: Omit<WanCell, 'runs'>): string =>
  `${siteText[site]} ${flavour} ${load}`;
