import figures from './published.json' with { type: 'json' };

/** Every figure that the document publishes, as in its tables; published.json has units and sources. */
export const published = figures;

/** The sites across the link, by their label in a cell and in the tables. */
const tableNames = { dublin: 'coleraine-dublin', halifax: 'coleraine-halifax' } as const;
export type Site = keyof typeof tableNames;
export const sites: readonly Site[] = ['dublin', 'halifax'];
export const siteText: Readonly<Record<Site, string>> = { dublin: 'Dublin', halifax: 'Halifax' };

export const loads = ['unloaded', 'loaded'] as const;
export type Load = (typeof loads)[number];

/** Smallest first. */
export const flavours = ['t', 's', 'm', 'l', 'xl'] as const;
export type Flavour = (typeof flavours)[number];
export const ramMBOf = (flavour: Flavour): number => published.flavours[flavour].ramMB;

type Table = 'totalTime' | 'downtime' | 'transferredMB';

/** A figure of tables II (s), III (s) and IV (MB). */
export const figureOf = (table: Table, site: Site, flavour: Flavour, load: Load): number =>
  published[table][tableNames[site]][load][flavours.indexOf(flavour)]!;

/** Mb/s that iperf reached. */
export const iperfMbps = (site: Site): number => published.links[tableNames[site]].iperfGbps * 1000;

export const linkProfile = (site: Site): string => tableNames[site];
