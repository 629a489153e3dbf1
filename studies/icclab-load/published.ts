import figures from './published.json' with { type: 'json' };

/** Every figure that the document publishes, as in its tables; published.json has units and sources. */
export const published = figures;

/** LM: pre-copy, the disk on shared storage. BLM: the disk travels too, and the guest is paused for it. */
export const kinds = ['lm', 'blm'] as const;
export type Kind = (typeof kinds)[number];
export const kindText: Readonly<Record<Kind, string>> = { lm: 'LM', blm: 'BLM' };

/** The link without and with the traffic that fills it. */
export const networks = ['idle', 'busy'] as const;
export type Network = (typeof networks)[number];

const stressTable = { lm: published.LMvsStress, blm: published.BLMvsStress };
const columns = { idle: 'unloadedNetwork', busy: 'loadedNetwork' } as const;

export interface Row {
  stressMB: number;
  /** null: the migration failed. */
  seconds: number | null;
}

/** A column of Table 2 (BLM) or 3 (LM). */
export const stressRows = (kind: Kind, network: Network): Row[] =>
  stressTable[kind].stressMB.map((stressMB, index) => ({
    stressMB,
    seconds: stressTable[kind][columns[network]][index] ?? null,
  }));

export const publishedS = (kind: Kind, network: Network, stressMB: number): number =>
  stressRows(kind, network).find((row) => row.stressMB === stressMB)?.seconds ?? NaN;

const trafficTable = { lm: published.networkTraffic.LM, blm: published.networkTraffic.BLM };

/** Table 1. */
export const trafficS = (kind: Kind, trafficMbps: number): number =>
  trafficTable[kind][published.networkTraffic.trafficMbps.indexOf(trafficMbps)] ?? NaN;

/** What the link carries, by its traffic at most. */
export const linkMbps = Math.max(...published.networkTraffic.trafficMbps);
