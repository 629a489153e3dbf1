import type { CompletedRun } from 'livemig/study';
import type { Spec } from 'livemig/study/plots';
import { figure, inkOf, linearTicks, plainNumber } from 'livemig/study/plots';
import type { Link } from '../published.ts';
import { linkText } from '../published.ts';

/** The run that stands for a link. */
export interface Example {
  link: Link;
  run: CompletedRun;
  stressMB: number;
  baselineGbps: number;
  points: { atS: number; gbps: number }[];
}

/** The link's load over one run, with a line for what TCP got through it and a band for the downtime. */
export const panelOf = (example: Example, size: { width: number; height: number }): Spec => {
  const { run, baselineGbps, points, link } = example;
  const { downtimeStartMs, downtimeMs, totalTimeMs } = run.measurement;
  const ceiling = Math.max(baselineGbps, ...points.map(({ gbps }) => gbps)) * 1.08;
  const x = {
    field: 'atS',
    type: 'quantitative',
    title: 'Time after the start (s)',
    scale: { domain: [0, totalTimeMs / 1000], nice: false },
    axis: { tickCount: 6 },
  };
  const y = {
    field: 'gbps',
    type: 'quantitative',
    title: null,
    scale: { domain: [0, ceiling], nice: false },
    axis: { values: linearTicks(ceiling), format: plainNumber },
  };
  const band = [{ atS: downtimeStartMs / 1000, untilS: (downtimeStartMs + downtimeMs) / 1000 }];
  const baseline = [{ gbps: baselineGbps }];
  return {
    ...size,
    title: {
      text: `${linkText[link]}, ${figure(example.stressMB / 1024)} GiB stressed`,
      subtitle: `On the link (Gb/s); dotted: ${figure(baselineGbps)} calibrated`,
    },
    layer: [
      {
        data: { values: band },
        mark: { type: 'rect', fill: inkOf('band'), stroke: inkOf('bad'), strokeWidth: 0.75 },
        encoding: { x, x2: { field: 'untilS' } },
      },
      {
        data: { values: points },
        mark: { type: 'line', stroke: inkOf(link === '1G' ? 'a' : 'b'), strokeWidth: 1.5 },
        encoding: { x, y },
      },
      {
        data: { values: baseline },
        mark: { type: 'rule', stroke: inkOf('ink'), strokeDash: [2, 3] },
        encoding: { y },
      },
    ],
  };
};
