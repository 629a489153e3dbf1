import type { Labels } from './cells.ts';
import type { Needs, Runs } from './needs.ts';
import type { Flavour, Load, UlsterSite } from './published.ts';
import { flavours, loads, ulsterSites } from './published.ts';

/** Post-copy over the WAN: what trends 7 to 10 share. They are judged at the documents' measured rates. */

/** `measured` has the rate that the documents' iperf reached, `10G` the nominal one. */
export type Rate = 'measured' | '10G';

export interface WanCell {
  site: UlsterSite;
  flavour: Flavour;
  load: Load;
  runs: Runs;
}

const labelsOf = (site: UlsterSite, flavour: Flavour, load: Load, rate: Rate): Labels => ({
  link: site,
  rate,
  flavour,
  load,
});

/** A cell that the check can't do without. */
export const wanCell = (need: Needs, site: UlsterSite, flavour: Flavour, load: Load): WanCell => ({
  site,
  flavour,
  load,
  runs: need.cell('post-copy', labelsOf(site, flavour, load, 'measured')),
});

/** The cells that are there with enough repeats. */
export const wanCells = (
  need: Needs,
  options: { part?: string; rate?: Rate; load?: Load; site?: UlsterSite } = {},
): WanCell[] => {
  const { part = 'post-copy', rate = 'measured' } = options;
  return ulsterSites
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

export const siteText: Readonly<Record<UlsterSite, string>> = { dublin: 'Dublin', halifax: 'Halifax' };
export const wanCellText = ({ site, flavour, load }: Omit<WanCell, 'runs'>): string =>
  `${siteText[site]} ${flavour} ${load}`;
