import type { Contradiction } from 'livemig/study';
import published from './published.json' with { type: 'json' };

const downtimeError = (): Contradiction => {
  const [actual = NaN, predicted = NaN] = published.workloads.CPU.downtimeMs;
  const claimed = published.workloads.CPU.errorPercent[1]!;
  const computed = (Math.abs(actual - predicted) / actual) * 100;
  return {
    id: 'akoush-cpu-downtime',
    document: published.document,
    claim: `table: downtime error of the CPU workload ${claimed} %`,
    claimed,
    tables: 'the same table',
    computed,
    unit: '%',
    text: `CPU downtime error: ${claimed} % printed, ${computed.toFixed(1)} % from the printed ${actual} and ${predicted} ms`,
  };
};

/** The largest error that the printed times allow, each rounded to a tenth of a second. */
const timeError = (): Contradiction => {
  const [actual = NaN, predicted = NaN] = published.workloads.SFS.migrationTimeS;
  const claimed = published.workloads.SFS.errorPercent[0]!;
  const roundingS = 0.05;
  const least = actual - roundingS;
  const computed = ((Math.abs(predicted - actual) + 2 * roundingS) / least) * 100;
  return {
    id: 'akoush-sfs-time',
    document: published.document,
    claim: `table: migration time error of the SFS workload ${claimed} %`,
    claimed,
    tables: 'the same table',
    computed,
    unit: '%',
    text: `SFS migration time error: ${claimed} % printed, at most ${computed.toFixed(2)} % from the printed ${actual} and ${predicted} s, however they were rounded`,
  };
};

/** Where the document contradicts itself, computed from its printed figures. */
export const contradictions = (): Contradiction[] => [downtimeError(), timeError()];
