import type { Spec } from 'livemig/study/plots';
import { inkOf, legendView, literal, logTicks, plainNumber, styleColumns } from 'livemig/study/plots';
import { links, linkText } from '../published.ts';
import type { Kind, Mark } from './pre-copy-limit-marks.ts';
import { looks, words } from './pre-copy-limit-marks.ts';

const kinds = Object.keys(looks) as Kind[];
/** Rows of a link, so that the published limit never hides a run. */
const lane: Readonly<Record<Kind, number>> = {
  predicted: 0.3,
  converged: 0,
  'not converged': 0,
  published: -0.3,
};

/** A lane for each link over a logarithmic axis of sizes. */
export const limitSpec = (marks: readonly Mark[], width: number): Spec => {
  const shown = links.filter((link) => marks.some((mark) => mark.link === link));
  const sizes = marks.map(({ stressMB }) => stressMB);
  const domain = [Math.min(...sizes) / 1.4, Math.max(...sizes) * 1.4] as const;
  const values = marks.map(({ link, kind, stressMB }) => ({
    ...styleColumns(looks[kind]),
    stressMB,
    lane: shown.indexOf(link) - lane[kind],
  }));
  const names = JSON.stringify(shown.map((link) => linkText[link]));
  return {
    vconcat: [
      legendView(
        kinds
          .filter((kind) => marks.some((mark) => mark.kind === kind))
          .map((kind) => ({ label: words[kind], style: looks[kind] })),
        width - 66,
        false,
      ),
      {
        width: width - 66,
        height: 64 * shown.length,
        data: { values },
        mark: { type: 'point', size: 60, strokeWidth: 1.75, opacity: 1 },
        encoding: {
          x: {
            field: 'stressMB',
            type: 'quantitative',
            title: 'Stressed memory (MiB, not scaled; logarithmic)',
            scale: { type: 'log', domain, nice: false },
            axis: { values: logTicks(domain), format: plainNumber },
          },
          y: {
            field: 'lane',
            type: 'quantitative',
            title: null,
            scale: { domain: [shown.length - 0.5, -0.5], nice: false, zero: false },
            axis: { values: shown.map((_, index) => index), labelExpr: `${names}[datum.value]`, grid: true },
          },
          stroke: literal('stroke'),
          fill: literal('fill'),
          shape: literal('shape'),
        },
      },
    ],
    spacing: 14,
    background: inkOf('paper'),
  };
};
