import type { CompletedRun, ModelName, SetUp } from 'livemig/study';
import { modelNames, predictedAndMeasured } from 'livemig/study';
import type { CurvePoint, Plot, Series, Style } from 'livemig/study/plots';
import {
  axisValues,
  completedIn,
  curvePlot,
  measured,
  pointOf,
  published,
  publishedPoint,
} from 'livemig/study/plots';
import type { Quantity } from '../errors.ts';
import { predictionOf, quantities, quantityText } from '../errors.ts';
import { publishedPair, workloads } from '../published.ts';

const looks: Readonly<Record<ModelName, Pick<Style, 'colour' | 'shape'>>> = {
  avg: { colour: 'a', shape: 'circle' },
  hist: { colour: 'b', shape: 'triangle-up' },
  sim: { colour: 'c', shape: 'square' },
};

interface Guest {
  label: string;
  runs: readonly CompletedRun[];
}

const guestsOf = (setUp: SetUp): Guest[] => [
  ...workloads.map((workload) => ({ label: workload, runs: completedIn(setUp, 'workloads', { workload }) })),
  ...axisValues(setUp, 'cyclic', 'startAtMs').map((startAtMs) => ({
    label: `cyclic, ${startAtMs / 1000} s`,
    runs: completedIn(setUp, 'cyclic', { startAtMs }),
  })),
];

const pointsBy = (guests: readonly Guest[], model: ModelName, quantity: Quantity): CurvePoint[] =>
  guests.flatMap(({ runs }, index) =>
    pointOf(
      index,
      runs.filter((run) => predictedAndMeasured(run, model) !== null),
      (run) => 100 * predictionOf(run, model)[quantity].error,
      1,
    ),
  );

const seriesOf = (guests: readonly Guest[], quantity: Quantity): Series[] => [
  {
    label: 'published',
    origin: 'published',
    style: published({ colour: 'ink', shape: 'diamond' }),
    panel: quantity,
    points: workloads.map((workload, index) => {
      const { measured: actual, predicted } = publishedPair(workload, quantity);
      return publishedPoint(index, (100 * Math.abs(predicted - actual)) / actual);
    }),
  },
  ...modelNames.map((model): Series => ({
    label: `${model.toUpperCase()}, measured`,
    origin: 'measured',
    style: measured(looks[model]),
    panel: quantity,
    points: pointsBy(guests, model, quantity),
  })),
];

/** The document's table of actual and predicted, as errors; the cyclic guest besides. */
export const predictionErrorsPlot = (setUp: SetUp): Plot => {
  const guests = guestsOf(setUp);
  return curvePlot(
    {
      x: {
        key: 'guest',
        title: 'Workload; of the cyclic one, the moment',
        ticks: guests.map((_, index) => index),
        labels: guests.map(({ label }) => label),
        isCategory: true,
      },
      y: { key: 'error_percent', title: 'Error of the prediction (%)', isIndependent: true },
      panels: quantities.map((key) => ({ key, title: quantityText[key] })),
      columns: 2,
      series: quantities.flatMap((quantity) => seriesOf(guests, quantity)),
    },
    {
      id: 'prediction-errors',
      trends: [15],
      title: 'How far predictions of pre-copy under Xen’s rule were off',
      caption:
        'Published (hollow): computed from the table’s printed times. Measured: |predicted − measured| / measured, median ' +
        'of runs with other seeds, which began after they were predicted; bars are the range of the repetitions.',
      isScaled: false,
      missing: guests
        .filter(({ runs }) => !runs.some((run) => predictedAndMeasured(run, 'hist') !== null))
        .map(({ label }) => `no predicted run of ${label}`),
    },
  );
};
