import { publishedFigures } from '../published.ts';
import { figure } from '../words.ts';
import type { Contradiction } from './contradiction.ts';

const icclab = publishedFigures['icclab-10g'];
const load = publishedFigures['icclab-load'];
const akoush = publishedFigures['akoush-prediction'];

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

const preCopyLimit = (): Contradiction => {
  // Without traffic every row of the table has a time, so each of these guests migrated.
  const migrated = Math.max(...load.LMvsStress.stressMB);
  return {
    id: 'pre-copy-limit-1g',
    document: `${icclab.document}; ${load.document}`,
    claim: 'text: at 1 Gb/s pre-copy migrates guests with less than 32 MB of stressed memory',
    claimed: icclab.preCopyLimitStressMB['1G'],
    tables: 'Table 3 of the other post',
    computed: migrated,
    unit: 'MB',
    text: `pre-copy's limit at 1 Gb/s: ${icclab.preCopyLimitStressMB['1G']} MB in one post, ${migrated} MB in the other`,
  };
};

const lmFaster = (): Contradiction => {
  const pairs = load.networkTraffic.LM.map((lm, index) => ({ lm, blm: load.networkTraffic.BLM[index]! }));
  const slower = mean(pairs.map(({ lm, blm }) => blm / lm - 1));
  const faster = mean(pairs.map(({ lm, blm }) => 1 - lm / blm));
  return {
    id: 'lm-faster',
    document: load.document,
    claim: 'text: on average LM was 36 % faster than BLM',
    claimed: 0.36,
    tables: 'Table 1',
    computed: faster,
    unit: '',
    text: `"36% faster" is BLM ${figure(slower * 100)} % slower: LM is ${figure(faster * 100)} % faster in Table 1`,
  };
};

const zeroTrafficBaselines = (): Contradiction[] =>
  (
    [
      ['BLM', load.networkTraffic.BLM[0]!, load.BLMvsStress.unloadedNetwork[0]!, 'Table 2'],
      ['LM', load.networkTraffic.LM[0]!, load.LMvsStress.unloadedNetwork[0]!, 'Table 3'],
    ] as const
  ).map(([name, first, second, table]) => ({
    id: `zero-traffic-${name.toLowerCase()}`,
    document: load.document,
    claim: `Table 1: ${name} without traffic takes ${first} s`,
    claimed: first,
    tables: table,
    computed: second,
    unit: 's',
    text: `${name} of the same guest without traffic and stress: ${first} s in Table 1, ${figure(second)} s in ${table}`,
  }));

const akoushDowntimeError = (): Contradiction => {
  const [actual = NaN, predicted = NaN] = akoush.workloads.CPU.downtimeMs;
  const claimed = akoush.workloads.CPU.errorPercent[1]!;
  const computed = (Math.abs(actual - predicted) / actual) * 100;
  return {
    id: 'akoush-cpu-downtime',
    document: akoush.document,
    claim: `table: downtime error of the CPU workload ${claimed} %`,
    claimed,
    tables: 'the same table',
    computed,
    unit: '%',
    text: `CPU downtime error: ${claimed} % printed, ${computed.toFixed(1)} % from the printed ${actual} and ${predicted} ms`,
  };
};

/** Of the documents whose experiments livemig does not repeat yet: their tables suffice. */
export const otherContradictions = (): Contradiction[] => [
  preCopyLimit(),
  lmFaster(),
  ...zeroTrafficBaselines(),
  akoushDowntimeError(),
];
