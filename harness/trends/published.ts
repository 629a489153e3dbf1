import figures from './published.json' with { type: 'json' };

/** Every number that the documents publish, as their tables have it; published.json tells units and sources. */
export const publishedFigures = figures;

/** The experiments whose trends are judged, by their key in published.json. */
export const experiments = ['icclab-10g', 'ulster-wan'] as const;
export type Experiment = (typeof experiments)[number];

/** The icclab-10g links by their label in a cell. */
export type IcclabLink = '1G' | '10G';

/** The ulster-wan sites across the link, by their label in a cell and in the tables. */
export const ulsterLinks = {
  dublin: 'coleraine-dublin',
  halifax: 'coleraine-halifax',
} as const;
export type UlsterSite = keyof typeof ulsterLinks;
export const ulsterSites: readonly UlsterSite[] = ['dublin', 'halifax'];

export const loads = ['unloaded', 'loaded'] as const;
export type Load = (typeof loads)[number];

/** Smallest first. */
export const flavours = ['t', 's', 'm', 'l', 'xl'] as const;
export type Flavour = (typeof flavours)[number];

type UlsterTable = 'totalTime' | 'downtime' | 'transferredMB';

/** A figure of Ulster's tables II (s), III (s) and IV (MB). */
export const ulsterFigure = (table: UlsterTable, site: UlsterSite, flavour: Flavour, load: Load): number =>
  figures['ulster-wan'][table][ulsterLinks[site]][load][flavours.indexOf(flavour)]!;

/** Mb/s that iperf reached. */
export const ulsterIperfMbps = (site: UlsterSite): number =>
  figures['ulster-wan'].links[ulsterLinks[site]].iperfGbps * 1000;
export const icclabIperfMbps = (link: IcclabLink): number => figures['icclab-10g'].iperfGbps[link] * 1000;
