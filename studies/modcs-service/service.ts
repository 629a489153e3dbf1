import type { CompletedRun, Needs, Runs } from 'livemig/study';
import { figure } from 'livemig/study';
import { sizesMB } from './published.ts';

/** What the load generator saw of a migration: common parts of checks and plots. */

type Service = NonNullable<CompletedRun['measurement']['service']>;
type Span = Service['during'];

/** Its runs all have a load, so there is always one. */
const serviceOf = ({ measurement: { service } }: CompletedRun): Service => service!;

export const during = (run: CompletedRun): Span => serviceOf(run).during;
export const before = (run: CompletedRun): Span => serviceOf(run).phases.before;

export const p95DuringMs = (run: CompletedRun): number => during(run).p95Ms ?? NaN;
export const p95BeforeMs = (run: CompletedRun): number => before(run).p95Ms ?? NaN;

const errorShare = ({ errors, requests }: Span): number => errors / Math.max(1, requests);
export const errorShareDuring = (run: CompletedRun): number => errorShare(during(run));
export const errorShareBefore = (run: CompletedRun): number => errorShare(before(run));

/** Requests that were lost, over those that were due while the guest was paused. */
export const lostOverPaused = (run: CompletedRun): number => {
  const { rate } = serviceOf(run);
  return during(run).errors / ((rate * run.measurement.downtimeMs) / 1000);
};

export interface SizePoint {
  ramMB: number;
  runs: Runs;
}

/** Pre-copy of the three guests, the smallest first. */
export const sizePoints = (need: Needs): SizePoint[] =>
  need.along('size', {}, 'ramMB', sizesMB.length).map(({ at, runs }) => ({ ramMB: Number(at), runs }));

export const leastOver = (points: readonly SizePoint[], of: (point: SizePoint) => number): number =>
  Math.min(...points.map(of));

/** `2.1 at 512 MB, 2.3 at 1024 MB`. */
export const bySize = (points: readonly SizePoint[], of: (point: SizePoint) => number): string =>
  points.map((point) => `${figure(of(point))} at ${point.ramMB} MB`).join(', ');
