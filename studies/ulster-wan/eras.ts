import type { Era } from 'livemig/study';
import { bytesPerMs } from 'livemig/study';
import type { Flavour, Load } from './published.ts';
import { figureOf, flavours, iperfMbps, published, sites } from './published.ts';

/**
 * Time that no bandwidth explains: of an unloaded migration, what its bytes (Table IV) at iperf's rate leave of its
 * total time (Table II), the mean of both links. Flavour t, with a disk of 1 GB, takes less of it than the others, with
 * 20 GB or more.
 */
const fixedS = (flavour: Flavour): number => {
  const left = sites.map(
    (site) =>
      figureOf('totalTime', site, flavour, 'unloaded') -
      (figureOf('transferredMB', site, flavour, 'unloaded') * 1e6) / bytesPerMs(iperfMbps(site)) / 1000,
  );
  return left.reduce((sum, each) => sum + each, 0) / left.length;
};

const pointers = (table: string, load: Load, wanted: readonly Flavour[]): string[] =>
  ['coleraine-dublin', 'coleraine-halifax'].flatMap((link) =>
    wanted.map((flavour) => `ulster-wan#/${table}/${link}/${load}/${flavours.indexOf(flavour)}`),
  );

const unloadedRows = (flavour: Flavour): string[] => [
  ...pointers('totalTime', 'unloaded', [flavour]),
  ...pointers('transferredMB', 'unloaded', [flavour]),
  'ulster-wan#/links/coleraine-dublin/iperfGbps',
  'ulster-wan#/links/coleraine-halifax/iperfGbps',
];

const values = { t: 10.3, others: 26.25 };

/** Of a guest of full size. */
export const fixedMsOf = (flavour: unknown): number => (flavour === 't' ? values.t : values.others) * 1000;

const constant = (name: string, flavour: 't' | 's', value: number): Era['constants'][number] => ({
  name,
  unit: 's',
  value,
  document: published.document,
  table: 'Tables II and IV',
  formula: `total time − bytes / iperf's rate, unloaded, flavour ${flavour}, mean of both links`,
  compute: () => fixedS(flavour),
  rows: unloadedRows(flavour),
});

export const ulster: Era = {
  name: 'ulster-2015',
  what: 'OpenStack with images on NFS, and a QEMU that sends every page: a fixed time by flavour, and no elided pages',
  figures: { 'ulster-wan': published },
  constants: [constant('fixedOfT', 't', values.t), constant('fixedOfOthers', 's', values.others)],
  fixedMs: ({ sweep }) => fixedMsOf(sweep?.cell['flavour']),
  parts: { 'post-copy': 'every-page' },
  checks: {
    '7c': {
      rows: [...pointers('totalTime', 'unloaded', ['t']), ...pointers('totalTime', 'loaded', ['t'])],
      basis: 'consistency',
    },
    '23': {
      rows: pointers('totalTime', 'unloaded', ['t', 'xl']),
      basis: 'consistency',
    },
    '10a': {
      rows: [...pointers('totalTime', 'loaded', flavours), ...pointers('transferredMB', 'loaded', flavours)],
      basis: 'independent',
    },
  },
};
