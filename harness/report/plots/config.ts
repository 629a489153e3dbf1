import { inkOf } from '../palette.ts';

export const plotFont = 'system-ui, sans-serif';

/** d3's format for axis labels: all digits, no trailing zeros. */
export const plainNumber = ',.6~r';
/** The same with SI prefixes: 30k. */
export const siNumber = '.3~s';

/** The look of every plot: quiet axes, horizontal grid only, text in the page's colour. */
export const plotConfig = {
  aria: false,
  background: inkOf('paper'),
  padding: 4,
  font: plotFont,
  view: { stroke: null },
  axis: {
    domainColor: inkOf('axis'),
    tickColor: inkOf('axis'),
    gridColor: inkOf('rule'),
    labelColor: inkOf('soft'),
    titleColor: inkOf('ink'),
    titleFontWeight: 'normal',
    titleFontSize: 12,
    labelFontSize: 11,
    labelFlush: false,
    tickSize: 4,
    titlePadding: 8,
  },
  axisX: { grid: false },
  axisY: { domain: false, ticks: false },
  title: {
    anchor: 'start',
    frame: 'group',
    color: inkOf('ink'),
    subtitleColor: inkOf('soft'),
    fontSize: 12,
    fontWeight: 600,
    subtitleFontSize: 11,
    offset: 8,
  },
  concat: { spacing: 24 },
} as const;
