import type { Contradiction } from 'livemig/study';
import { figure } from 'livemig/study';
import { published } from './published.ts';

const downtimeBelowHalfASecond = (): Contradiction => {
  const worst = Math.max(...published.hybridDowntime['1G'], ...published.hybridDowntime['10G']);
  const at = published.hybridDowntime.stressMB.filter(
    (_, index) =>
      published.hybridDowntime['1G'][index] === worst || published.hybridDowntime['10G'][index] === worst,
  );
  return {
    id: 'hybrid-downtime-bound',
    document: published.document,
    claim: 'conclusion: hybrid downtime is stable and lower than 500 ms',
    claimed: 0.5,
    tables: 'Tab. 2',
    computed: worst,
    unit: 's',
    text: `"lower than 500 ms" against ${worst} s in Tab. 2 (${at.join(' and ')} MB at 1 Gb/s)`,
  };
};

const upToTimesShorter = (): Contradiction => {
  const ratios = published.hybridTotalTime['1G'].map(
    (slow, index) => slow / published.hybridTotalTime['10G'][index]!,
  );
  const most = Math.max(...ratios);
  return {
    id: 'speed-up-bound',
    document: published.document,
    claim: 'conclusion: migrations up to 3.7 times shorter at 10 Gb/s',
    claimed: 3.7,
    tables: 'Tab. 1',
    computed: most,
    unit: '×',
    text: `"up to 3,7 times shorter" against ${figure(most)} × in Tab. 1 (${
      published.hybridTotalTime.stressMB[ratios.indexOf(most)]!
    } MB)`,
  };
};

/** Where the document contradicts itself, computed from its printed figures. */
export const contradictions = (): Contradiction[] => [downtimeBelowHalfASecond(), upToTimesShorter()];
