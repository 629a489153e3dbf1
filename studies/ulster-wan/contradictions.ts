import type { Contradiction } from 'livemig/study';
import { figure, leastBy } from 'livemig/study';
import type { Flavour, Site } from './published.ts';
import { figureOf, flavours, iperfMbps, published, ramMBOf, sites, siteText } from './published.ts';

const noSignificantIncrease = (): Contradiction[] =>
  sites.map((site) => {
    const growth =
      figureOf('totalTime', site, 'xl', 'unloaded') / figureOf('totalTime', site, 't', 'unloaded');
    return {
      id: `unloaded-growth-${site}`,
      document: published.document,
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
  const differences = sites.flatMap((site) =>
    flavours.map((flavour) => ({
      cell: `${siteText[site]} ${flavour}`,
      seconds:
        figureOf('downtime', site, flavour, 'loaded') - figureOf('downtime', site, flavour, 'unloaded'),
    })),
  );
  const least = leastBy(differences, ({ seconds }) => seconds);
  const cells = differences
    .filter(({ seconds }) => figure(seconds) === figure(least.seconds))
    .map(({ cell }) => cell);
  return {
    id: 'downtime-change-by-load',
    document: published.document,
    claim: 'conclusions: downtime changes by 0.2 to 0.3 s in all cases',
    claimed: 0.2,
    tables: 'Table III',
    computed: least.seconds,
    unit: 's',
    text: `"all the cases 0.2s-0.3s change" against ${figure(least.seconds)} s between loaded and unloaded in Table III (${cells.join(' and ')})`,
  };
};

const doubledRam = (): Contradiction => {
  const all = sites.flatMap((site) =>
    flavours.map((flavour) => ({
      flavour,
      overRam: figureOf('transferredMB', site, flavour, 'unloaded') / ramMBOf(flavour),
    })),
  );
  const least = leastBy(all, ({ overRam }) => overRam);
  return {
    id: 'doubled-ram',
    document: published.document,
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
      figureOf('transferredMB', 'halifax', flavour, 'unloaded') /
      figureOf('transferredMB', 'halifax', flavour, 'loaded'),
  );
  const most = Math.max(...ratios) - 1;
  return {
    id: 'halifax-data-bound',
    document: published.document,
    claim: 'text over Table IV: up to 40 % more data for unloaded VMs than for loaded ones over Halifax',
    claimed: 0.4,
    tables: 'Table IV',
    computed: most,
    unit: '',
    text: `"up to 40% more" over Halifax against ${figure(most * 100)} % for flavour ${flavours[ratios.indexOf(Math.max(...ratios))]!} in Table IV`,
  };
};

/** Loaded bytes over unloaded ones, minus 1. */
const changeByLoad = (site: Site, flavour: Flavour): number =>
  figureOf('transferredMB', site, flavour, 'loaded') / figureOf('transferredMB', site, flavour, 'unloaded') -
  1;

const lessByLoad = (): Contradiction => {
  const changes = flavours.map((flavour) => ({ flavour, change: changeByLoad('dublin', flavour) }));
  const most = leastBy(changes, ({ change }) => change);
  const beyond = changes.filter(({ change }) => change < -0.5);
  return {
    id: 'dublin-data-bound',
    document: published.document,
    claim: 'text over Table IV: less than 50 % less data for loaded VMs over Dublin',
    claimed: 0.5,
    tables: 'Table IV',
    computed: -most.change,
    unit: '',
    text: `"less than 50% less" over Dublin against ${beyond.map(({ flavour, change }) => `${figure(-change * 100)} % less for flavour ${flavour}`).join(' and ')} in Table IV`,
  };
};

const noChangeForTiny = (): Contradiction => ({
  id: 'tiny-data-change',
  document: published.document,
  claim: 'key observations: no significant change of total data transfer for loaded tiny VMs',
  claimed: 1,
  tables: 'Table IV',
  computed: 1 + changeByLoad('dublin', 't'),
  unit: '×',
  text: `"no significant change" for loaded tiny VMs against ${figure(-changeByLoad('dublin', 't') * 100)} % less over Dublin in Table IV`,
});

/**
 * Bytes that the step from one flavour to the next adds, over the time that it adds: the link must be at least this
 * fast.
 */
const fasterThanIperf = (): Contradiction[] =>
  sites.flatMap((site) =>
    flavours.slice(1).flatMap((flavour, index): Contradiction[] => {
      const added = (table: 'totalTime' | 'transferredMB'): number =>
        figureOf(table, site, flavour, 'unloaded') - figureOf(table, site, flavours[index]!, 'unloaded');
      const gbps = (added('transferredMB') * 8) / 1000 / added('totalTime');
      const iperfGbps = iperfMbps(site) / 1000;
      if (gbps <= iperfGbps) return [];
      return [
        {
          id: `marginal-rate-${site}-${flavour}`,
          document: published.document,
          claim: `setting: iperf reaches ${iperfGbps} Gb/s over ${siteText[site]}`,
          claimed: iperfGbps,
          tables: 'Tables II and IV',
          computed: gbps,
          unit: 'Gb/s',
          text: `unloaded, flavour ${flavour} takes ${figure(added('transferredMB'))} MB and ${figure(added('totalTime'))} s more than the next smaller over ${siteText[site]}: ${figure(gbps)} Gb/s, where iperf reached ${iperfGbps}`,
        },
      ];
    }),
  );

/** The first release of QEMU with post-copy, of December 2015. Patches existed before; the text names none. */
const firstQemuWithPostCopy = 2.5;
const postCopyBeforeItsTime = (): Contradiction => {
  const { qemu, libvirt } = published.software;
  const claimed = Number.parseFloat(qemu);
  return {
    id: 'post-copy-version',
    document: published.document,
    claim: `configuration: post-copy with QEMU ${qemu} and libvirt ${libvirt}`,
    claimed,
    tables: "QEMU's release notes",
    computed: firstQemuWithPostCopy,
    unit: '',
    text: `post-copy is claimed of QEMU ${qemu} and libvirt ${libvirt}, with migration flags that don't name it; QEMU has it since ${firstQemuWithPostCopy}`,
  };
};

/** Where the document contradicts itself, computed from its printed figures. */
export const contradictions = (): Contradiction[] => [
  ...noSignificantIncrease(),
  downtimeDifference(),
  doubledRam(),
  unloadedSendsMore(),
  lessByLoad(),
  noChangeForTiny(),
  ...fasterThanIperf(),
  postCopyBeforeItsTime(),
];
