import figures from './published.json' with { type: 'json' };

/** Every figure that the document publishes; published.json has units. */
export const published = figures;

/** The workloads of its table, by their label in a cell. */
export const workloads = ['CPU', 'WEB', 'SFS', 'MR'] as const;
export type WorkloadName = (typeof workloads)[number];

/** The links by their label in a cell. */
export const links = ['1G', '10G'] as const;
export type Link = (typeof links)[number];
export const linkText: Readonly<Record<Link, string>> = { '1G': '1 Gb/s', '10G': '10 Gb/s' };

/** Actual and predicted, in ms. */
export const publishedPair = (
  workload: WorkloadName,
  quantity: 'totalTimeMs' | 'downtimeMs',
): { measured: number; predicted: number } => {
  const { migrationTimeS, downtimeMs } = published.workloads[workload];
  const [measured = NaN, predicted = NaN] =
    quantity === 'downtimeMs' ? downtimeMs : migrationTimeS.map((seconds) => seconds * 1000);
  return { measured, predicted };
};
