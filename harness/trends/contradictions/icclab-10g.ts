import { publishedFigures } from '../published.ts';
import { figure } from '../words.ts';
import type { Contradiction } from './contradiction.ts';

const icclab = publishedFigures['icclab-10g'];

const downtimeBelowHalfASecond = (): Contradiction => {
  const worst = Math.max(...icclab.hybridDowntime['1G'], ...icclab.hybridDowntime['10G']);
  const at = icclab.hybridDowntime.stressMB.filter(
    (_, index) =>
      icclab.hybridDowntime['1G'][index] === worst || icclab.hybridDowntime['10G'][index] === worst,
  );
  return {
    id: 'hybrid-downtime-bound',
    document: icclab.document,
    claim: 'conclusion: hybrid downtime is stable and lower than 500 ms',
    claimed: 0.5,
    tables: 'Tab. 2',
    computed: worst,
    unit: 's',
    text: `"lower than 500 ms" against ${worst} s in Tab. 2 (${at.join(' and ')} MB at 1 Gb/s)`,
  };
};

const upToTimesShorter = (): Contradiction => {
  const ratios = icclab.hybridTotalTime['1G'].map(
    (slow, index) => slow / icclab.hybridTotalTime['10G'][index]!,
  );
  const most = Math.max(...ratios);
  return {
    id: 'speed-up-bound',
    document: icclab.document,
    claim: 'conclusion: migrations up to 3.7 times shorter at 10 Gb/s',
    claimed: 3.7,
    tables: 'Tab. 1',
    computed: most,
    unit: '×',
    text: `"up to 3,7 times shorter" against ${figure(most)} × in Tab. 1 (${
      icclab.hybridTotalTime.stressMB[ratios.indexOf(most)]!
    } MB)`,
  };
};

export const icclab10gContradictions = (): Contradiction[] => [
  downtimeBelowHalfASecond(),
  upToTimesShorter(),
];
