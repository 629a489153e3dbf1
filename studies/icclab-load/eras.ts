import type { Era } from 'livemig/study';
import { publishedLine } from './load.ts';
import type { Kind } from './published.ts';
import { kindText, published, publishedS, stressRows } from './published.ts';

/**
 * Bytes take k times as long on the busy link, what isn't bytes takes as long on both: with T = O + x and T' = O + kx
 * without stress, O = T − (T' − T) / (k − 1). k is the ratio of the slopes of Table 2.
 */
const busyOverIdle = (): number => publishedLine('blm', 'busy').slope / publishedLine('blm', 'idle').slope;

const orchestrationS = (kind: Kind): number => {
  const [idle, busy] = [publishedS(kind, 'idle', 0), publishedS(kind, 'busy', 0)];
  return idle - (busy - idle) / (busyOverIdle() - 1);
};

const tables = { lm: 'LMvsStress', blm: 'BLMvsStress' } as const;
const tableRows = (kind: Kind, stressMB?: readonly number[]): string[] =>
  stressRows(kind, 'idle').flatMap((row, index) =>
    stressMB === undefined || stressMB.includes(row.stressMB)
      ? ['unloadedNetwork', 'loadedNetwork'].map(
          (column) => `icclab-load#/${tables[kind]}/${column}/${index}`,
        )
      : [],
  );
const trafficRows = (kind: Kind): string[] =>
  published.networkTraffic.trafficMbps.map(
    (_, index) => `icclab-load#/networkTraffic/${kindText[kind]}/${index}`,
  );

const values: Readonly<Record<Kind, number>> = { lm: 7.4, blm: 14 };

const constant = (kind: Kind): Era['constants'][number] => ({
  name: `orchestration-${kind}`,
  unit: 's',
  value: values[kind],
  document: published.document,
  table: kind === 'lm' ? 'Tables 2 and 3' : 'Table 2',
  formula: "O = T − (T' − T) / (k − 1), without stress; k from all of Table 2",
  compute: () => orchestrationS(kind),
  rows: [...new Set([...tableRows(kind, [0]), ...tableRows('blm')])],
});

/** Of a guest of full size. */
export const orchestrationMs = (part: string): number => values[part.startsWith('blm') ? 'blm' : 'lm'] * 1000;

export const openstackIcehouse: Era = {
  name: 'openstack-icehouse-2014',
  what: 'OpenStack Icehouse of 2014: scheduling, preparation and clean-up count as migration time',
  figures: { 'icclab-load': published },
  constants: [constant('lm'), constant('blm')],
  fixedMs: ({ sweep }) => orchestrationMs(sweep?.part ?? ''),
  checks: {
    '12c': { rows: trafficRows('lm'), basis: 'independent' },
    '12d': { rows: trafficRows('blm'), basis: 'independent' },
    '20': { rows: tableRows('blm', [896]), basis: 'consistency' },
    '21a': { rows: tableRows('lm'), basis: 'consistency' },
    '21b': { rows: tableRows('blm', [0, 7168]), basis: 'consistency' },
  },
};
