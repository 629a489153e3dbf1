import type { CompletedRun, SetUp } from 'livemig/study';
import { bandwidthMbps, bytesPerMs, downtimeMs, medianOf, pageSizeBytes, totalTimeS } from 'livemig/study';
import type { Plot, Quantity, Series, Style, XAxis, YAxis } from 'livemig/study/plots';
import { axisValues, completedIn, curvePlot, measured, pointOf, scaleNote } from 'livemig/study/plots';
import type { Link } from '../published.ts';
import { links, linkText, published } from '../published.ts';

/** The document's charts of both key parameters: dirty rate along the axis, and a curve for each bandwidth. */

const looks: Readonly<Record<Link, Pick<Style, 'colour' | 'shape'>>> = {
  '1G': { colour: 'a', shape: 'circle' },
  '10G': { colour: 'b', shape: 'triangle-up' },
};

const axis: XAxis = {
  key: 'pages_per_s',
  title: 'Page dirty rate (1,000 pages/s)',
  ticks: [0, 5000, 10_000, 15_000, 20_000, 25_000, 30_000],
  labels: ['0', '5', '10', '15', '20', '25', '30'],
  isCategory: false,
};

const seriesOf = (setUp: SetUp, quantity: Quantity): Series[] =>
  links.map((link) => ({
    label: `${linkText[link]}, measured`,
    origin: 'measured',
    style: measured(looks[link]),
    panel: 'all',
    points: axisValues(setUp, 'dirty-rate', 'pagesPerS').flatMap((pagesPerS) =>
      pointOf(pagesPerS, completedIn(setUp, 'dirty-rate', { link, pagesPerS }), quantity, setUp.guestScale),
    ),
  }));

/** `19,100 pages/s`: at two thirds of what the slow link carries. */
const kneeText = (runs: readonly CompletedRun[]): string => {
  const pagesPerS = (1000 * bytesPerMs(medianOf(runs, bandwidthMbps)) * 2) / 3 / pageSizeBytes;
  return `${Math.round(pagesPerS / 100) / 10} thousand pages/s`;
};

const plotOf = (
  setUp: SetUp,
  id: string,
  title: string,
  y: Pick<YAxis, 'key' | 'reference'> & { unit: string },
  quantity: Quantity,
  note: string,
): Plot => {
  const slow = completedIn(setUp, 'dirty-rate', { link: '1G' });
  const scaled = setUp.guestScale === 1 ? y.unit : `${y.unit}; measured ÷ κ_M`;
  return curvePlot(
    {
      x: axis,
      y: { ...y, title: `${title} (${scaled})` },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: seriesOf(setUp, quantity),
    },
    {
      id,
      trends: [15],
      title: `${title} of pre-copy under Xen’s rule against the dirty rate`,
      caption:
        'Median, bars are the range of the repetitions. By the rule’s arithmetic, the knee at 1 Gb/s is at two thirds of ' +
        `the bandwidth${slow.length === 0 ? '' : `: ${kneeText(slow)}`}. ${note} ${scaleNote(setUp.guestScale)}`,
      isScaled: setUp.guestScale !== 1,
      missing: links
        .filter((link) => completedIn(setUp, 'dirty-rate', { link }).length === 0)
        .map((link) => `no completed run of dirty-rate at ${linkText[link]}`),
    },
  );
};

const { microbenchmarkDowntimeMs } = published;

export const dirtyRateDowntimePlot = (setUp: SetUp): Plot =>
  plotOf(
    setUp,
    'dirty-rate-downtime',
    'Downtime',
    {
      key: 'downtime_ms',
      unit: 'ms',
      reference: { y: microbenchmarkDowntimeMs, label: `published: ${microbenchmarkDowntimeMs} ms` },
    },
    downtimeMs,
    `The document’s chart has a single figure, ${microbenchmarkDowntimeMs} ms, and doesn’t say at which rate.`,
  );

export const dirtyRateTotalTimePlot = (setUp: SetUp): Plot =>
  plotOf(
    setUp,
    'dirty-rate-total-time',
    'Migration time',
    { key: 'total_time_s', unit: 's' },
    totalTimeS,
    'The document’s chart has no figures.',
  );
