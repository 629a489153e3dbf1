import { flavours, publishedFigures, ulsterFigure, ulsterSites } from '../published.ts';
import { leastBy } from '../statistics.ts';
import { siteText } from '../wan.ts';
import { figure } from '../words.ts';
import type { Contradiction } from './contradiction.ts';

const ulster = publishedFigures['ulster-wan'];

const noSignificantIncrease = (): Contradiction[] =>
  ulsterSites.map((site) => {
    const growth =
      ulsterFigure('totalTime', site, 'xl', 'unloaded') / ulsterFigure('totalTime', site, 't', 'unloaded');
    return {
      id: `unloaded-growth-${site}`,
      document: ulster.document,
      claim:
        'text under Table II: no significant increase of migration time for unloaded VMs as the flavour grows',
      claimed: 1,
      tables: 'Table II',
      computed: growth,
      unit: '×',
      text: `"not a significant increase" unloaded against ${figure(growth)} × from t to xl over ${siteText[site]} in Table II`,
    };
  });

const downtimeDifference = (): Contradiction => {
  const differences = ulsterSites.flatMap((site) =>
    flavours.map((flavour) => ({
      cell: `${siteText[site]} ${flavour}`,
      seconds:
        ulsterFigure('downtime', site, flavour, 'loaded') -
        ulsterFigure('downtime', site, flavour, 'unloaded'),
    })),
  );
  const least = leastBy(differences, ({ seconds }) => seconds);
  return {
    id: 'downtime-change-by-load',
    document: ulster.document,
    claim: 'conclusions: downtime changes by 0.2 to 0.3 s in all cases',
    claimed: 0.2,
    tables: 'Table III',
    computed: least.seconds,
    unit: 's',
    text: `"all the cases 0.2s-0.3s change" against ${figure(least.seconds)} s between loaded and unloaded in Table III (${least.cell})`,
  };
};

const doubledRam = (): Contradiction => {
  const all = ulsterSites.flatMap((site) =>
    flavours.map((flavour) => ({
      flavour,
      overRam: ulsterFigure('transferredMB', site, flavour, 'unloaded') / ulster.flavours[flavour].ramMB,
    })),
  );
  const least = leastBy(all, ({ overRam }) => overRam);
  return {
    id: 'doubled-ram',
    document: ulster.document,
    claim: 'key observations: data transfer is doubled of the memory size for unloaded VMs',
    claimed: 2,
    tables: 'Table IV',
    computed: least.overRam,
    unit: '× RAM',
    text: `"doubled of the memory size" unloaded against ${figure(least.overRam)} × RAM for flavour ${least.flavour} in Table IV, and ${all.filter(({ overRam }) => overRam < 1.5).length} of 10 cells below 1.5 ×`,
  };
};

const unloadedSendsMore = (): Contradiction => {
  const ratios = flavours.map(
    (flavour) =>
      ulsterFigure('transferredMB', 'halifax', flavour, 'unloaded') /
      ulsterFigure('transferredMB', 'halifax', flavour, 'loaded'),
  );
  const most = Math.max(...ratios) - 1;
  return {
    id: 'halifax-data-bound',
    document: ulster.document,
    claim: 'text over Table IV: up to 40 % more data for unloaded VMs than for loaded ones over Halifax',
    claimed: 0.4,
    tables: 'Table IV',
    computed: most,
    unit: '',
    text: `"up to 40% more" over Halifax against ${figure(most * 100)} % for flavour ${flavours[ratios.indexOf(Math.max(...ratios))]!} in Table IV`,
  };
};

export const ulsterContradictions = (): Contradiction[] => [
  ...noSignificantIncrease(),
  downtimeDifference(),
  doubledRam(),
  unloadedSendsMore(),
];
