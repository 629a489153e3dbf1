import type { RunResult, SetUp } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { figure } from 'livemig/study/plots';
import type { Link } from '../published.ts';
import { links, linkText, published as figures } from '../published.ts';
import type { Kind, Mark } from './pre-copy-limit-marks.ts';
import { marksOf, words } from './pre-copy-limit-marks.ts';
import { limitSpec } from './pre-copy-limit-spec.ts';

const { preCopyLimitStressMB } = figures;

/** Each repetition is a separate search. */
const searchOf = (run: RunResult | null): number | null => {
  const repeat = run?.sweep?.repeat;
  return repeat === undefined ? null : repeat + 1;
};

/** `34` if all searches found the same, otherwise `34–36`. */
const rangeText = (values: readonly number[]): string => {
  if (values.length === 0) return '–';
  const [low, high] = [figure(Math.min(...values)), figure(Math.max(...values))];
  return low === high ? low : `${low}–${high}`;
};

/** Over the searches of a link: the largest size that converged, and the smallest that didn't. */
const searchesOf = (
  marks: readonly Mark[],
  link: Link,
): { most: string; least: string; searches: number } => {
  const own = marks.filter((mark) => mark.link === link && mark.run !== null);
  const searches = [...Map.groupBy(own, ({ run }) => searchOf(run)).values()];
  const sizes = (tried: readonly Mark[], kind: Kind): number[] =>
    tried.filter((mark) => mark.kind === kind).map(({ stressMB }) => stressMB);
  const each = (kind: Kind, pick: (...sizes: number[]) => number): number[] =>
    searches
      .map((tried) => sizes(tried, kind))
      .filter((found) => found.length > 0)
      .map((found) => pick(...found));
  return {
    most: rangeText(each('converged', Math.max)),
    least: rangeText(each('not converged', Math.min)),
    searches: searches.length,
  };
};

const orDash = (value: number | undefined): string => (value === undefined ? '–' : figure(value));

/** The document's Fig. 1: up to how much stressed memory pre-copy ends, found by bisection. */
export const preCopyLimitPlot = (setUp: SetUp): Plot => {
  const marks = marksOf(setUp);
  const rows = links
    .filter((link) => marks.some((mark) => mark.link === link))
    .map((link) => {
      const found = searchesOf(marks, link);
      const predicted = marks.find((mark) => mark.link === link && mark.kind === 'predicted')?.stressMB;
      return { link, ...found, predicted, published: preCopyLimitStressMB[link] };
    });
  return {
    id: 'pre-copy-limit',
    trends: [6],
    title: 'How much stressed memory pre-copy still converges with',
    description: rows
      .map(
        ({ link, most, least, published }) =>
          `${linkText[link]}: converges up to ${most} MiB, not at ${least} MiB; published ${published} MiB.`,
      )
      .join(' '),
    caption:
      'Each mark is one run of the bisection: converged, or ended as NOT_CONVERGED with the guest unharmed. The limit ' +
      'is an absolute size, so neither axis nor regions are scaled. B · D_max is the calibrated goodput times the ' +
      'downtime limit: what fits into the allowed pause.',
    spec: (width) => limitSpec(marks, width),
    csv: {
      columns: ['link', 'search', 'stress_mb', 'outcome', 'run_id'],
      rows: marks.map(({ link, stressMB, kind, run }) => [
        link,
        searchOf(run),
        stressMB,
        words[kind],
        run?.runId ?? null,
      ]),
    },
    table: {
      head: [
        'Link',
        'Converged up to (MiB)',
        'Not at (MiB)',
        'B · D_max (MiB)',
        'Searches',
        'Published (MiB)',
      ],
      rows: rows.map(({ link, most, least, predicted, searches, published }) => [
        linkText[link],
        most,
        least,
        orDash(predicted),
        String(searches),
        figure(published),
      ]),
    },
    missing: links
      .filter((link) => !rows.some((row) => row.link === link))
      .map((link) => `no run of the bisection at ${linkText[link]}`),
    isEmpty: marks.length === 0,
  };
};
