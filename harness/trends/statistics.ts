import {
  linearRegression,
  linearRegressionLine,
  quantileSorted,
  rSquared,
  sampleWithReplacement,
} from 'simple-statistics';
import { median } from '../median.ts';
import { seededRandom } from '#proto/seeded-random';
import type { Rules } from './tolerances.ts';
import type { Estimate } from './verdict.ts';

type Random = () => number;

export interface Line {
  /** y per x. */
  slope: number;
  intercept: number;
  /** Coefficient of determination. */
  r2: number;
}

export type Point = readonly [x: number, y: number];

/** Least squares. */
export const fitLine = (points: readonly Point[]): Line => {
  const pairs = points.map(([x, y]): [number, number] => [x, y]);
  const { m, b } = linearRegression(pairs);
  return { slope: m, intercept: b, r2: rSquared(pairs, linearRegressionLine({ m, b })) };
};

export const medianOf = <R>(group: readonly R[], quantity: (item: R) => number): number =>
  median(group.map(quantity));

/** The first item with the least figure. @throws TypeError if there are no items */
export const leastBy = <R>(items: readonly R[], by: (item: R) => number): R =>
  items.reduce((left, right) => (by(right) < by(left) ? right : left));

export const mostBy = <R>(items: readonly R[], by: (item: R) => number): R =>
  leastBy(items, (item) => -by(item));

/** The repeats of a cell: all for the estimate, a resample for its confidence interval. */
export type Draw = <R>(group: readonly R[]) => readonly R[];

/** No resampling: for the estimate itself. */
export const everything: Draw = (group) => group;

/** Within one resample, a group is drawn once, so quantities of the same runs stay paired. */
const resampling = (random: Random): Draw => {
  const drawn = new Map<unknown, unknown>();
  return <R>(group: readonly R[]): readonly R[] => {
    const known = drawn.get(group) as readonly R[] | undefined;
    if (known !== undefined) return known;
    const sample = sampleWithReplacement([...group], group.length, random);
    drawn.set(group, sample);
    return sample;
  };
};

/**
 * A statistic of the runs with its confidence interval: percentile bootstrap (Efron 1979), repeats resampled within
 * their cells, seeded. With three repeats per cell, the interval of a median is little more than their range.
 * @param statistic takes each cell's runs through `draw`, and always the same array for the same cell
 */
export const estimateOf = (
  statistic: (draw: Draw) => number,
  unit: string,
  { confidence, resamples, seed }: Omit<Rules, 'leastRepeats'>,
): Estimate => {
  const value = statistic(everything);
  const random = seededRandom(seed);
  const values = Array.from({ length: resamples }, () => statistic(resampling(random)))
    .filter((each) => Number.isFinite(each))
    .sort((left, right) => left - right);
  if (values.length === 0) return { value, low: NaN, high: NaN, unit };
  const tail = (1 - confidence) / 2;
  return { value, low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail), unit };
};
