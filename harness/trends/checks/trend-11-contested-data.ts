import type { Accounting } from '../../measure/accounting.ts';
import type { Check, Trend } from '../check.ts';
import type { Candidate, DataCell, LoadPair } from '../data-table.ts';
import { bytesOverRam, candidatesOf, dataCells, loadPairsOf } from '../data-table.ts';
import type { Needs } from '../needs.ts';
import type { Load, UlsterSite } from '../published.ts';
import { flavours, publishedFigures, ulsterFigure, ulsterSites } from '../published.ts';
import { estimateOf, everything } from '../statistics.ts';
import { siteText } from '../wan.ts';
import { figure, range } from '../words.ts';

const candidateText = ({ mechanism, accounting, flavours: figures }: Candidate): string =>
  `${mechanism} counted as ${accounting} (unloaded ${range(figures.map(({ unloaded }) => unloaded))}, ` +
  `loaded ${range(figures.map(({ loaded }) => loaded))} × RAM)`;

const candidatesText = (cells: readonly DataCell[]): string => {
  const candidates = candidatesOf(cells);
  const reproducing = candidates.filter(({ reproduces }) => reproduces);
  const tried = new Set(candidates.map(({ mechanism }) => mechanism));
  return (
    `tried: ${[...tried].join(', ')}, each counted in four ways; reproduced by ` +
    (reproducing.length === 0 ? 'none of them' : reproducing.map(candidateText).join('; '))
  );
};

const baselinePairs = (need: Needs, cells: readonly DataCell[]) => {
  const pairs = loadPairsOf(cells, 'baseline');
  if (pairs.length === 0)
    need.lacks('data-table mechanism=baseline: no flavour with enough runs of both loads');
  return pairs;
};

const baselineText = (pairs: readonly LoadPair[], accounting: Accounting): string =>
  pairs
    .map(({ unloaded, loaded }) => {
      const [less, more] = [unloaded, loaded].map((cell) =>
        figure(bytesOverRam(everything, cell, accounting)),
      );
      return `${unloaded.flavour} ${less ?? ''} unloaded, ${more ?? ''} loaded`;
    })
    .join('; ');

const publishedRatios = ulsterSites.flatMap((site) =>
  flavours.map(
    (flavour) =>
      ulsterFigure('transferredMB', site, flavour, 'loaded') /
      ulsterFigure('transferredMB', site, flavour, 'unloaded'),
  ),
);

const publishedOverRam = (site: UlsterSite, load: Load): string =>
  flavours
    .map((flavour) => {
      const { ramMB } = publishedFigures['ulster-wan'].flavours[flavour];
      return figure(ulsterFigure('transferredMB', site, flavour, load) / ramMB);
    })
    .join(' ');

/** Bytes over RAM from t to xl, as Table IV has them. */
const publishedText = ulsterSites
  .map(
    (site) =>
      `${siteText[site]} ${publishedOverRam(site, 'unloaded')} × unloaded, ${publishedOverRam(site, 'loaded')} × loaded`,
  )
  .join('; ');

const table: Check = {
  id: '11a',
  statement:
    'Unloaded guests send about 2 × RAM, loaded ones less (here: unloaded bytes over RAM without any mechanism)',
  table: 'Table IV',
  published: publishedText,
  isContested: true,
  prepare: (need, { accounting }) => {
    const cells = dataCells(need);
    const pairs = baselinePairs(need, cells);
    return () => {
      const largest = pairs.at(-1)!;
      const physical = pairs.every(
        ({ unloaded, loaded }) =>
          bytesOverRam(everything, loaded, accounting) >= bytesOverRam(everything, unloaded, accounting),
      );
      return {
        estimate: estimateOf((draw) => bytesOverRam(draw, largest.unloaded, accounting), '×'),
        detail: `at ${largest.unloaded.flavour}, counted as ${accounting}; without any mechanism loaded guests ${
          physical ? 'send no less than unloaded ones, as physics says' : 'send less in some flavour'
        } (11b)`,
        explanation: candidatesText(cells),
      };
    };
  },
};

const physics: Check = {
  id: '11b',
  statement:
    'Physical baseline of 11a: without any mechanism loaded guests send no less (least ratio to unloaded)',
  table: 'Table IV',
  published: `${range(publishedRatios)} × (against physics)`,
  prepare: (need, { accounting }) => {
    const pairs = baselinePairs(need, dataCells(need));
    return () => ({
      estimate: estimateOf(
        (draw) =>
          Math.min(
            ...pairs.map(
              ({ unloaded, loaded }) =>
                bytesOverRam(draw, loaded, accounting) / bytesOverRam(draw, unloaded, accounting),
            ),
          ),
        '×',
      ),
      explanation: `bytes over RAM without any mechanism: ${baselineText(pairs, accounting)}`,
    });
  },
};

export const trend11: Trend = { trend: 11, experiment: 'ulster-wan', checks: [table, physics] };
