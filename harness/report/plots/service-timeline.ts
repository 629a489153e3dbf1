import type { CompletedRun } from '#harness/result';
import { inkOf } from '../palette.ts';
import { plainNumber, siNumber } from './config.ts';
import type { Drawing, Spec } from './render.ts';
import { prepare } from './render.ts';
import { mean, thin } from './thin.ts';
import { timelineData } from './timeline-data.ts';
import { data, line, measure, panelOf, panelWidths } from './timeline-panel.ts';

/** What users of a service in the guest saw over time: answers and errors per second, and latency. */

const seconds = (ms: number): number => ms / 1000;

const greatest = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>(
    (most, value) => (value === null ? most : Math.max(most ?? value, value)),
    null,
  );

/** The rows of the drawing; times in seconds after the migration's start. */
export const serviceData = ({ measurement: { service } }: CompletedRun) =>
  thin(service?.series ?? [], (group) => ({
    ...group.at(-1)!,
    requestsPerSecond: mean(group.map((point) => point.requestsPerSecond)),
    repliesPerSecond: mean(group.map((point) => point.repliesPerSecond)),
    requests: group.reduce((sum, { requests }) => sum + requests, 0),
    errors: group.reduce((sum, { errors }) => sum + errors, 0),
    p50Ms: greatest(group.map(({ p50Ms }) => p50Ms)),
    p95Ms: greatest(group.map(({ p95Ms }) => p95Ms)),
    maxMs: greatest(group.map(({ maxMs }) => maxMs)),
  })).map(({ atMs, requestsPerSecond, repliesPerSecond, requests, errors, p50Ms, p95Ms, maxMs }) => ({
    ...{ at: seconds(atMs), replies: repliesPerSecond },
    errors: requests === 0 ? 0 : (errors / requests) * requestsPerSecond,
    ...{ p50: p50Ms, p95: p95Ms, max: maxMs },
  }));

const panel = panelOf(panelWidths.narrow);

const repliesPanel = panel('Service: replies/s; dashed: errors/s', 'service', (x) => [
  {
    ...line('service', { x, y: measure('replies', siNumber) }),
    mark: { type: 'line', strokeWidth: 1.25, stroke: inkOf('a') },
  },
  {
    ...line('service', { x, y: measure('errors', siNumber) }),
    mark: { type: 'line', strokeWidth: 1.25, stroke: inkOf('bad'), strokeDash: [4, 2] },
  },
]);

const latencyScale = { type: 'log', zero: false, nice: true };
const decades = [0.01, 0.1, 1, 10, 100, 1000, 10_000];
const dashes = { p95: [1, 0], p50: [4, 2], max: [1, 2] } as const;

const latencyPanel = panel(
  'Latency from when due (ms): p95; dashed: p50, dotted: max',
  'service',
  (x) =>
    (['max', 'p95', 'p50'] as const).map((field) => ({
      ...data('service'),
      transform: [{ filter: `isValid(datum.${field}) && datum.${field} > 0` }],
      mark: { type: 'line', strokeWidth: 1.25, stroke: inkOf('d'), strokeDash: dashes[field] },
      encoding: {
        x,
        y: { ...measure(field, plainNumber, latencyScale), axis: { values: decades, format: plainNumber } },
      },
    })),
  true,
);

const spec: Spec = {
  vconcat: [repliesPanel, latencyPanel],
  spacing: 12,
  resolve: { scale: { x: 'shared' } },
};

let drawing: Drawing | undefined;

/** Draws the service of a run that has one. */
export const drawService = async (run: CompletedRun): Promise<string> => {
  drawing ??= prepare(spec, {
    axis: { labelFontSize: 10, titleFontSize: 11, titlePadding: 4, tickSize: 3 },
  });
  const { band, cuts, entries, ends } = timelineData(run);
  const rows = serviceData(run);
  return drawing.draw({
    ...{ service: rows, band, cuts, entries, ends },
    'no-service': rows.length === 0 ? [{ text: 'not recorded' }] : [],
  });
};
