import type { Judgement, TableOfSetUp } from '../judgement.ts';
import { countsOf, frozenText } from '../judgement.ts';
import { byKind, kindTexts } from '../kind.ts';
import type { TrendVerdict } from '../verdict.ts';
import { eraTexts, isOfModels } from '../verdict.ts';
import { driverText, figure, scaleText, variantText } from '../words.ts';

/** `nfqueue, netns, κ_M 1/16`; a dash if nothing was measured. */
export const setUpText = ({ backends, drivers, guestScales, variant }: TrendVerdict): string => {
  const parts = [
    ...backends,
    ...drivers.map(driverText),
    ...guestScales.map((scale) => `κ_M ${scaleText(scale)}`),
  ];
  return parts.length === 0 ? '–' : `${parts.join(', ')}${variantText(variant)}`;
};

/** `7 hold, 2 fail, 1 contested, 5 not measured`, without zero counts. */
const sumOfKind = (verdicts: readonly TrendVerdict[]): string => {
  const counts = countsOf(verdicts);
  return (
    [
      [counts.holds, counts.holds === 1 ? 'holds' : 'hold'],
      [counts['holds in era'], counts['holds in era'] === 1 ? 'holds in an era' : 'hold in an era'],
      [counts.fails, counts.fails === 1 ? 'fails' : 'fail'],
      [counts.contested, 'contested'],
      [counts['not measured'], 'not measured'],
    ] as const
  )
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`)
    .join(', ');
};

const sumsOf = (verdicts: readonly TrendVerdict[]): string[] =>
  byKind(verdicts).map(({ kind, ofKind }) => `${kindTexts[kind]}: ${sumOfKind(ofKind)}`);

/** `0.98`, or a dash. */
export const publishedOverMeasuredText = ({ publishedOverMeasured }: TrendVerdict): string =>
  publishedOverMeasured === null ? '–' : figure(publishedOverMeasured);

/**
 * `documents, two-sided: 7 hold, 1 fails`: each kind of check by itself, and simulated runs never summed up with measured
 * ones.
 */
export const countLines = ({ verdicts }: Pick<Judgement, 'verdicts'>): string[] => [
  ...sumsOf(verdicts.filter((verdict) => !isOfModels(verdict))),
  ...sumsOf(verdicts.filter(isOfModels)).map((line) => `simulated; ${line}`),
];

/** Explains the figures, once for all of them. */
export const legend = (judgement: Judgement): string =>
  `${judgement.runs} runs. Measured: estimate from medians of repetitions [95 % confidence interval]. Tolerances frozen ` +
  `${frozenText(judgement)}. Bytes counted as ${judgement.accounting}.`;

/** Groups checks by document and set-up. */
export const groupsOf = ({ verdicts }: Judgement): TrendVerdict[][] => [
  ...Map.groupBy(verdicts, (verdict) => `${verdict.document} ${setUpText(verdict)}`).values(),
];

/** A statement that holds needs no explanation. */
export const needsExplanation = ({ verdict }: TrendVerdict): boolean => verdict !== 'holds';

/** Why a check doesn't hold as measured, and what its eras make of it. */
export const explanationsOf = (verdict: TrendVerdict): string[] => [
  ...(needsExplanation(verdict) && verdict.explanation !== null ? [verdict.explanation] : []),
  ...eraTexts(verdict),
];

/** A table of a study as text. */
export const tableText = (table: TableOfSetUp): { title: string; head: string[]; rows: string[][] } => {
  const { title, columns, rows, backend, driver, guestScale, variant } = table;
  return {
    title: `${title} (${backend}, ${driverText(driver)}, κ_M ${scaleText(guestScale)}${variantText(variant)})`,
    head: columns.map((column) => column.title),
    rows: rows.map((row) =>
      columns.map(({ key }) => {
        const value = row[key] ?? '';
        return typeof value === 'number' ? figure(value) : value;
      }),
    ),
  };
};
