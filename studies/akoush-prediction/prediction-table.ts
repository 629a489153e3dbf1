import type { ModelName, Needs, StudyTable } from 'livemig/study';
import { medianOf, modelNames, predictedAndMeasured } from 'livemig/study';
import type { PredictedCell, Quantity } from './errors.ts';
import { predictionOf } from './errors.ts';
import { publishedPair, workloads } from './published.ts';

/** The document's table, actual against predicted, and the same of every guest that was predicted here. */

const tenth = (value: number): number => Math.round(value * 10) / 10;
const hundredth = (value: number): number => Math.round(value * 100) / 100;

interface Pair {
  measured: number;
  predicted: number;
  /** As a share. */
  error: number;
}

const rowOf = (guest: string, by: string, time: Pair, downtime: Pair) => ({
  guest,
  by,
  timeA: hundredth(time.measured / 1000),
  timeP: hundredth(time.predicted / 1000),
  timeError: tenth(100 * time.error),
  downtimeA: tenth(downtime.measured),
  downtimeP: tenth(downtime.predicted),
  downtimeError: tenth(100 * downtime.error),
});

const publishedRows = () =>
  workloads.map((workload) => {
    const pairOf = (quantity: Quantity): Pair => {
      const pair = publishedPair(workload, quantity);
      return { ...pair, error: Math.abs(pair.predicted - pair.measured) / pair.measured };
    };
    return rowOf(workload, 'document', pairOf('totalTimeMs'), pairOf('downtimeMs'));
  });

const measuredRows = ({ label, runs: all }: PredictedCell) =>
  modelNames.flatMap((model: ModelName) => {
    const runs = all.filter((run) => predictedAndMeasured(run, model) !== null);
    if (runs.length === 0) return [];
    const pairOf = (quantity: Quantity): Pair => {
      const of = (key: keyof Pair): number =>
        medianOf(runs, (run) => predictionOf(run, model)[quantity][key]);
      return { measured: of('measured'), predicted: of('predicted'), error: of('error') };
    };
    return [rowOf(label, model.toUpperCase(), pairOf('totalTimeMs'), pairOf('downtimeMs'))];
  });

export const predictionTable = (need: Needs): StudyTable | null => {
  const cells: PredictedCell[] = [
    ...workloads.map((workload) => ({ label: workload, runs: need.optional('workloads', { workload }) })),
    ...need
      .along('cyclic', {}, 'startAtMs', 0)
      .map(({ at, runs }) => ({ label: `cyclic from ${at} ms on`, runs })),
    ...['post-copy', 'hybrid'].map((strategy) => ({
      label: `cyclic, ${strategy}`,
      runs: need.optional('other-strategies', { strategy }),
    })),
  ];
  const rows = cells.flatMap(measuredRows);
  if (rows.length === 0) return null;
  return {
    title: 'Trend 15: actual (A) and predicted (P), medians of the runs, beside the document’s table',
    columns: [
      { key: 'guest', title: 'guest' },
      { key: 'by', title: 'predicted by' },
      { key: 'timeA', title: 'MT_A (s)' },
      { key: 'timeP', title: 'MT_P (s)' },
      { key: 'timeError', title: 'error (%)' },
      { key: 'downtimeA', title: 'DT_A (ms)' },
      { key: 'downtimeP', title: 'DT_P (ms)' },
      { key: 'downtimeError', title: 'error (%)' },
    ],
    rows: [...publishedRows(), ...rows],
  };
};
