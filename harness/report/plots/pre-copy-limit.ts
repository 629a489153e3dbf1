import { publishedFigures } from '../../trends/published.ts';
import { figure } from '../figures.ts';
import { inkOf } from '../palette.ts';
import type { RunResult } from '../../result.ts';
import type { Setting } from './cells.ts';
import { inCell } from './cells.ts';
import { logTicks } from './ticks.ts';
import type { Link } from './hybrid-curves.ts';
import { linkName, links } from './hybrid-curves.ts';
import { legendView } from './legend.ts';
import type { Plot } from './plot.ts';
import { bytesPerMB } from './quantities.ts';
import { plainNumber } from './config.ts';
import type { Spec } from './render.ts';
import { literal, styleColumns } from './style.ts';
import type { Style } from './style.ts';

const { preCopyLimitStressMB } = publishedFigures['icclab-10g'];

type Kind = 'converged' | 'not converged' | 'published' | 'predicted';

const looks: Readonly<Record<Kind, Style>> = {
  converged: { colour: 'a', shape: 'circle', dash: [], filled: true },
  'not converged': { colour: 'b', shape: 'saltire', dash: [], filled: false },
  published: { colour: 'ink', shape: 'diamond', dash: [5, 4], filled: false },
  predicted: { colour: 'soft', shape: 'triangle-down', dash: [1, 3], filled: false },
};
const words: Readonly<Record<Kind, string>> = {
  converged: 'converged',
  'not converged': 'did not converge',
  published: 'published limit',
  predicted: 'B · D_max',
};

interface Mark {
  link: Link;
  kind: Kind;
  stressMB: number;
  runId: string;
}

/** The region itself, never the published label: the limit is an absolute size (B · D_max) and is not scaled. */
const stressOf = (run: RunResult): number => run.scenario.workload.regionBytes / bytesPerMB;

const kindOf = (run: RunResult): Kind | undefined =>
  run.state === 'completed' ? 'converged' : run.error.code === 'NOT_CONVERGED' ? 'not converged' : undefined;

/** What a pre-copy can send within its downtime limit, by the calibrated goodput of the first run. */
const predictedMB = (runs: readonly RunResult[]): number | undefined => {
  const run = runs.find(({ link }) => link.calibration !== null);
  const goodputMbps = run?.link.calibration?.goodputMbps;
  if (run === undefined || goodputMbps === undefined) return undefined;
  return (goodputMbps * 125 * run.scenario.limits.downtimeLimitMs) / bytesPerMB;
};

const marksOf = (setting: Setting): Mark[] =>
  links.flatMap((link) => {
    const tried = inCell(setting, 'pre-copy-limit', { link });
    const predicted = predictedMB(tried);
    const marks = tried.flatMap((run): Mark[] => {
      const kind = kindOf(run);
      return kind === undefined ? [] : [{ link, kind, stressMB: stressOf(run), runId: run.runId }];
    });
    if (marks.length === 0) return [];
    return [
      ...marks,
      { link, kind: 'published', stressMB: preCopyLimitStressMB[link], runId: '' },
      ...(predicted === undefined
        ? []
        : [{ link, kind: 'predicted' as const, stressMB: predicted, runId: '' }]),
    ];
  });

/** Greatest that converged and least above it that didn't. */
const bracket = (marks: readonly Mark[], link: Link): readonly [number | undefined, number | undefined] => {
  const of = (kind: Kind): number[] =>
    marks.filter((mark) => mark.link === link && mark.kind === kind).map(({ stressMB }) => stressMB);
  const converged = of('converged');
  const most = converged.length === 0 ? undefined : Math.max(...converged);
  const beyond = of('not converged').filter((stressMB) => most === undefined || stressMB >= most);
  return [most, beyond.length === 0 ? undefined : Math.min(...beyond)];
};

const kinds = Object.keys(looks) as Kind[];
/** Rows of a link, so that the published limit never hides a run. */
const lane: Readonly<Record<Kind, number>> = {
  predicted: 0.3,
  converged: 0,
  'not converged': 0,
  published: -0.3,
};

const specOf = (marks: readonly Mark[], width: number): Spec => {
  const shown = links.filter((link) => marks.some((mark) => mark.link === link));
  const sizes = marks.map(({ stressMB }) => stressMB);
  const domain = [Math.min(...sizes) / 1.4, Math.max(...sizes) * 1.4] as const;
  const values = marks.map(({ link, kind, stressMB }) => ({
    ...styleColumns(looks[kind]),
    stressMB,
    lane: shown.indexOf(link) - lane[kind],
  }));
  const names = JSON.stringify(shown.map((link) => linkName[link]));
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
            title: 'Stressed memory (MB, not scaled; logarithmic)',
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

const orDash = (value: number | undefined): string => (value === undefined ? '–' : figure(value));

/** The document's Fig. 1: up to how much stressed memory pre-copy ends, found by bisection. */
export const preCopyLimitPlot = (setting: Setting): Plot => {
  const marks = marksOf(setting);
  const rows = links
    .filter((link) => marks.some((mark) => mark.link === link))
    .map((link) => {
      const [most, least] = bracket(marks, link);
      const predicted = marks.find((mark) => mark.link === link && mark.kind === 'predicted')?.stressMB;
      return { link, most, least, predicted, published: preCopyLimitStressMB[link] };
    });
  return {
    id: 'pre-copy-limit',
    trends: [6],
    title: 'How much stressed memory pre-copy still converges with',
    description: rows
      .map(
        ({ link, most, least, published }) =>
          `${linkName[link]}: converges up to ${orDash(most)} MB, not at ${orDash(least)} MB; published ${published} MB.`,
      )
      .join(' '),
    caption:
      'Each mark is one run of the bisection: converged, or ended as NOT_CONVERGED with the guest unharmed. The limit ' +
      'is an absolute size, so neither axis nor regions are scaled. B · D_max is the calibrated goodput times the ' +
      'downtime limit: what fits into the allowed pause.',
    spec: (width) => specOf(marks, width),
    csv: {
      columns: ['link', 'stress_mb', 'outcome', 'run_id'],
      rows: marks.map(({ link, stressMB, kind, runId }) => [link, stressMB, words[kind], runId]),
    },
    table: {
      head: ['Link', 'Converged up to (MB)', 'Not at (MB)', 'B · D_max (MB)', 'Published (MB)'],
      rows: rows.map(({ link, most, least, predicted, published }) => [
        linkName[link],
        orDash(most),
        orDash(least),
        orDash(predicted),
        figure(published),
      ]),
    },
    missing: links
      .filter((link) => !rows.some((row) => row.link === link))
      .map((link) => `no run of the bisection at ${linkName[link]}`),
    isEmpty: marks.length === 0,
  };
};
