import type { SetUp } from 'livemig/study';
import { totalTimeS } from 'livemig/study';
import type { Plot, Quantity, Series, Style, XAxis } from 'livemig/study/plots';
import { axisValues, completedIn, curvePlot, measured, pointOf, scaleNote } from 'livemig/study/plots';
import { published, sizesMB } from '../published.ts';
import { before, during, errorShareBefore, errorShareDuring, p95BeforeMs, p95DuringMs } from '../service.ts';

/** The document's charts, whose pictures have no figures: measured curves only. */

type Look = Pick<Style, 'colour' | 'shape'>;
const looks = {
  during: { colour: 'a', shape: 'circle' },
  before: { colour: 'b', shape: 'triangle-up' },
} as const satisfies Record<string, Look>;

const bySize: XAxis = {
  key: 'ram_mb',
  title: 'RAM of the guest (MB)',
  ticks: sizesMB,
  labels: sizesMB.map(String),
  isCategory: false,
};
const rateTicks = [0, 1000, 2000, 3000, 4000];
const byRate: XAxis = {
  key: 'requests_per_s',
  title: 'Requests per second',
  ticks: rateTicks,
  labels: rateTicks.map(String),
  isCategory: false,
};

interface Chart {
  id: string;
  title: string;
  y: string;
  unit: string;
  /** Divided by κ_M. */
  isScaled?: boolean;
  part?: 'size' | 'rate';
  curves: readonly { label: string; look: Look; quantity: Quantity }[];
}

const plotOf =
  ({ id, title, y, unit, isScaled = false, part = 'size', curves }: Chart) =>
  (setUp: SetUp): Plot => {
    const x = part === 'size' ? bySize : byRate;
    const axis = part === 'size' ? 'ramMB' : 'rate';
    const scale = isScaled ? setUp.guestScale : 1;
    const series = curves.map(({ label, look, quantity }): Series => ({
      label,
      origin: 'measured',
      style: measured(look),
      panel: 'all',
      points: axisValues(setUp, part, axis).flatMap((at) =>
        pointOf(at, completedIn(setUp, part, { [axis]: at }), quantity, scale),
      ),
    }));
    const scaled = scale === 1 ? unit : `${unit}; measured ÷ κ_M`;
    return curvePlot(
      {
        x,
        y: { key: y, title: `${title} (${scaled})` },
        panels: [{ key: 'all', title: '' }],
        columns: 1,
        series,
      },
      {
        id: `service-${id}`,
        trends: [16],
        title: `${title} against ${part === 'size' ? 'RAM' : 'the request rate'}`,
        caption:
          'Median, bars are the range of the repetitions. The document’s chart is a picture without figures' +
          `${part === 'size' ? `, at ${published.requestsPerSecond} requests/s` : ''}. ${scaleNote(setUp.guestScale)}`,
        isScaled: scale !== 1,
        missing: completedIn(setUp, part).length === 0 ? [`no completed run of ${part}`] : [],
      },
    );
  };

const p95Curves = [
  { label: 'while it migrates', look: looks.during, quantity: p95DuringMs },
  { label: 'before', look: looks.before, quantity: p95BeforeMs },
];

export const plots = [
  plotOf({
    id: 'total-time',
    title: 'Total time',
    y: 'total_time_s',
    unit: 's',
    isScaled: true,
    curves: [{ label: 'pre-copy', look: looks.during, quantity: totalTimeS }],
  }),
  plotOf({
    id: 'response-time',
    title: 'p95 of the response time',
    y: 'p95_ms',
    unit: 'ms',
    curves: p95Curves,
  }),
  plotOf({
    id: 'throughput',
    title: 'Throughput of the service',
    y: 'kb_per_s',
    unit: 'kB/s',
    curves: [
      { label: 'while it migrates', look: looks.during, quantity: (run) => during(run).kilobytesPerSecond },
      { label: 'before', look: looks.before, quantity: (run) => before(run).kilobytesPerSecond },
    ],
  }),
  plotOf({
    id: 'errors',
    title: 'Failed requests',
    y: 'errors_percent',
    unit: '%',
    curves: [
      { label: 'while it migrates', look: looks.during, quantity: (run) => 100 * errorShareDuring(run) },
      { label: 'before', look: looks.before, quantity: (run) => 100 * errorShareBefore(run) },
    ],
  }),
  plotOf({
    id: 'stress',
    title: 'p95 of the response time',
    y: 'p95_ms',
    unit: 'ms',
    part: 'rate',
    curves: p95Curves,
  }),
];
