import type { Setting } from './cells.ts';
import type { Check, Finding, JudgeOptions, Trend } from './check.ts';
import { needsOf } from './needs.ts';
import type { Needs } from './needs.ts';
import { publishedFigures } from './published.ts';
import type { Tolerance } from './tolerances.ts';
import { isWithin, tolerances, toleranceText } from './tolerances.ts';
import type { Estimate, TrendVerdict, VerdictName } from './verdict.ts';
import { aligned } from './words.ts';

/** `2.01 [1.98, 2.04] B/B`: the value and its 95 % confidence interval. */
export const estimateText = ({ value, low, high, unit }: Estimate): string => {
  const [middle, from, to] = aligned(value, low, high);
  return `${middle ?? ''} [${from ?? ''}, ${to ?? ''}]${unit === '' ? '' : ` ${unit}`}`;
};

/** The verdict goes by the estimate; an interval that reaches over a bound is said. */
const straddles = ({ value, low, high }: Estimate, tolerance: Tolerance): boolean =>
  [low, high].some((end) => isWithin(end, tolerance) !== isWithin(value, tolerance));

const measuredText = ({ estimate, detail }: Finding, tolerance: Tolerance): string =>
  [
    estimateText(estimate),
    ...(straddles(estimate, tolerance) ? ['the interval reaches over the bound'] : []),
    ...(detail === undefined ? [] : [detail]),
  ].join('; ');

const verdictOf = (check: Check, { estimate, incomplete }: Finding): VerdictName => {
  if (check.isContested === true) return 'contested';
  if (!isWithin(estimate.value, tolerances[check.id])) return 'fails';
  return incomplete === undefined ? 'holds' : 'not measured';
};

const frame = ({ trend, experiment }: Trend, check: Check) => ({
  id: check.id,
  trend,
  statement: check.statement,
  document: publishedFigures[experiment].document,
  table: check.table,
  published: check.published,
  tolerance: toleranceText(tolerances[check.id]),
});

const nothingMeasured = {
  measured: null,
  estimate: null,
  isNearBound: false,
  verdict: 'not measured',
} as const;

/** A check of an experiment without any run. */
export const withoutRuns = (trend: Trend, check: Check): TrendVerdict => ({
  ...frame(trend, check),
  ...nothingMeasured,
  backends: [],
  drivers: [],
  guestScales: [],
  variant: '',
  explanation: `no runs of ${trend.experiment}`,
  runIds: [],
});

const explain = (need: Needs, texts: readonly (string | null | undefined)[]): string | null => {
  const leftOut = need.leftOut.length === 0 ? [] : [`left out: ${need.leftOut.join('; ')}`];
  const said = [...texts.filter((text) => typeof text === 'string'), ...leftOut];
  return said.length === 0 ? null : said.join('. ');
};

const conclude = (check: Check, need: Needs, later: () => Finding) => {
  if (need.missing.length > 0)
    return { ...nothingMeasured, explanation: `missing: ${need.missing.join('; ')}` };
  const finding = later();
  if (!Number.isFinite(finding.estimate.value))
    return {
      ...nothingMeasured,
      explanation: explain(need, ['the runs give no figure', finding.explanation]),
    };
  const incomplete = finding.incomplete === undefined ? null : `only ${finding.incomplete} measured`;
  return {
    measured: measuredText(finding, tolerances[check.id]),
    estimate: finding.estimate,
    isNearBound: straddles(finding.estimate, tolerances[check.id]),
    verdict: verdictOf(check, finding),
    explanation: explain(need, [incomplete, finding.explanation]),
  };
};

/** One check on one set-up. */
export const judgeCheck = (
  trend: Trend,
  check: Check,
  setting: Setting,
  options: JudgeOptions,
): TrendVerdict => {
  const need = needsOf(setting);
  const later = check.prepare(need, options);
  return {
    ...frame(trend, check),
    ...conclude(check, need, later),
    backends: [setting.backend],
    drivers: [setting.driver],
    guestScales: [setting.guestScale],
    variant: setting.variant,
    runIds: [...need.runIds],
  };
};
