import { inkOf } from '../palette.ts';
import { plainNumber, siNumber } from './config.ts';
import type { Spec } from './render.ts';
import { saltire } from './style.ts';
import { byDirection, byHost, data, line, measure, nothing, panelHeight, panelOf } from './timeline-panel.ts';

/** A run's timeline: what happened when, five panels of figures over the same time, and the histogram of its faults. */

const laneColours = {
  source: 'a',
  destination: 'b',
  'set-up': 'axis',
  precopy: 'a',
  postcopy: 'b',
  cut: 'open',
  recovery: 'd',
} as const;

const pingScale = { type: 'log', zero: false, nice: true };
const decades = [0.01, 0.1, 1, 10, 100, 1000, 10_000];

/**
 * Data sets are named, so that the drawing is compiled only once for all runs.
 * @param width of a panel, in px
 */
export const timelineSpecOf = (width: number): Spec => {
  const panel = panelOf(width);
  const lanesPanel = panel('Where the guest ran, and what was sent', 'lanes', (x) => [
    {
      ...data('lanes'),
      mark: { type: 'bar', stroke: inkOf('paper'), strokeWidth: 0.75 },
      encoding: {
        x,
        x2: { field: 'until' },
        y: { field: 'lane', type: 'nominal', title: null, sort: ['guest', 'sending', 'link'] },
        fill: {
          field: 'kind',
          type: 'nominal',
          legend: null,
          scale: {
            domain: Object.keys(laneColours),
            range: Object.values(laneColours).map((colour) => inkOf(colour)),
          },
        },
      },
    },
  ]);

  const linkPanel = panel('Link (Gb/s); dashed: back, dotted: calibrated', 'link', (x) => [
    line('link', { x, y: measure('gbps', plainNumber), ...byDirection }),
    {
      ...data('calibrated'),
      mark: { type: 'rule', stroke: inkOf('ink'), strokeDash: [1, 3] },
      encoding: { y: measure('gbps', plainNumber) },
    },
  ]);

  const dirtyPanel = panel('Dirtied pages/s; dashed: destination, bars: rounds', 'guest', (x) => [
    {
      ...data('rounds'),
      mark: { type: 'rule', stroke: inkOf('c'), strokeWidth: 2.5 },
      encoding: { x, x2: { field: 'until' }, y: measure('dirtied', siNumber) },
    },
    line('guest', { x, y: measure('dirtied', siNumber), ...byHost }),
  ]);

  const remainingPanel = panel('Remaining (MiB)', 'remaining', (x) => [
    {
      ...line('remaining', { x, y: measure('remaining', siNumber) }),
      mark: { type: 'line', strokeWidth: 1.25, stroke: inkOf('a') },
    },
  ]);

  const guestPanel = panel('Guest’s operations/s; dashed: destination', 'guest', (x) => [
    line('guest', { x, y: measure('operations', siNumber), ...byHost }),
  ]);

  const pingPanel = panel(
    'Pings (ms): median; dotted: longest, ×: lost',
    'pings',
    (x) => [
      ...(['max', 'p50'] as const).map((field) => ({
        ...data('pings'),
        transform: [{ filter: `isValid(datum.${field}) && datum.${field} > 0` }],
        mark: {
          type: 'line',
          strokeWidth: 1.25,
          stroke: inkOf('d'),
          strokeDash: field === 'max' ? [1, 2] : [1, 0],
        },
        encoding: {
          x,
          y: { ...measure(field, plainNumber, pingScale), axis: { values: decades, format: plainNumber } },
        },
      })),
      {
        ...data('pings'),
        transform: [{ filter: 'datum.lost > 0' }],
        mark: {
          type: 'point',
          shape: saltire,
          size: 22,
          stroke: inkOf('bad'),
          fill: inkOf('bad'),
          opacity: 1,
          strokeWidth: 1.25,
        },
        encoding: { x, y: { value: panelHeight - 4 } },
      },
    ],
    true,
  );

  const faultPanel: Spec = {
    width,
    height: panelHeight,
    title: {
      text: 'Demand faults by how long the vCPU was blocked',
      fontSize: 10,
      fontWeight: 'normal',
      offset: 4,
    },
    layer: [
      {
        ...data('faults'),
        mark: { type: 'rect', fill: inkOf('a'), stroke: inkOf('paper'), strokeWidth: 0.75 },
        encoding: {
          x: {
            field: 'fromUs',
            type: 'quantitative',
            title: null,
            scale: { type: 'log', domain: [1, 1e6], nice: false },
            axis: {
              values: [1, 10, 100, 1000, 10_000, 100_000, 1_000_000],
              labelExpr:
                "datum.value < 1000 ? datum.value + ' µs' : datum.value < 1000000 ? datum.value / 1000 + ' ms' : '1 s'",
            },
          },
          x2: { field: 'untilUs' },
          y: { ...measure('count', siNumber), stack: null },
          y2: { datum: 0 },
        },
      },
      nothing('faults', width),
    ],
  };
  return {
    vconcat: [
      {
        vconcat: [lanesPanel, linkPanel, dirtyPanel, remainingPanel, guestPanel, pingPanel],
        spacing: 12,
        resolve: { scale: { x: 'shared' } },
      },
      faultPanel,
    ],
    spacing: 18,
  };
};
