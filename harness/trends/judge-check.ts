import { kindOf } from './kind.ts';
import { needsOf } from './needs.ts';
import type { Needs } from './needs.ts';
import { ownCode } from './own-code.ts';
import type { Era, EraCheck } from './era.ts';
import { inEra, orchestratedTimeMs, withoutFixedTime } from './era.ts';
import { busiestCellOf, totalTimeMs } from './run-figures.ts';
import type { Cell, SetUp } from './set-ups.ts';
import { cellText } from './set-ups.ts';
import { estimateOf, medianOf } from './statistics.ts';
import type { Check, CheckOptions, Finding, JudgeOptions, Study, Trend } from './study.ts';
import type { Tolerance } from './tolerances.ts';
import { crossesBound, isWithin, toleranceText } from './tolerances.ts';
import type { Estimate, TimeInEra, TrendVerdict, VerdictInEra, VerdictName } from './verdict.ts';
import { aligned } from './words.ts';

/** `2.01 [1.98, 2.04] B/B`: the value and its 95 % confidence interval. */
export const estimateText = ({ value, low, high, unit }: Estimate): string => {
  const [middle, from, to] = aligned(value, low, high);
  return `${middle ?? ''} [${from ?? ''}, ${to ?? ''}]${unit === '' ? '' : ` ${unit}`}`;
};

const measuredText = (estimate: Estimate, { detail }: Finding, tolerance: Tolerance): string =>
  [
    estimateText(estimate),
    ...(crossesBound(estimate, tolerance) ? ['the interval crosses the bound'] : []),
    ...(detail === undefined ? [] : [detail]),
  ].join('; ');

const verdictOf = (
  { isContested = false }: Check,
  { value }: Estimate,
  { incomplete }: Finding,
  tolerance: Tolerance,
): VerdictName => {
  if (isContested) return 'contested';
  if (!isWithin(value, tolerance)) return 'fails';
  return incomplete === undefined ? 'holds' : 'not measured';
};

/** The tolerance exists, as a study without it is rejected. */
const toleranceOf = ({ tolerances }: Study, { id }: Check): Tolerance => tolerances[id]!;

const frame = (study: Study, { trend }: Trend, check: Check) => ({
  id: check.id,
  study: study.name,
  trend,
  statement: check.statement,
  kind: kindOf(toleranceOf(study, check)),
  document: study.document,
  table: check.table,
  published: check.published,
  tolerance: toleranceText(toleranceOf(study, check)),
});

const nothingMeasured = {
  measured: null,
  estimate: null,
  publishedOverMeasured: null,
  isNearBound: false,
  verdict: 'not measured',
} as const;

/** A check of an experiment without any run. */
export const withoutRuns = (study: Study, trend: Trend, check: Check): TrendVerdict => ({
  ...frame(study, trend, check),
  ...nothingMeasured,
  inEras: [],
  backends: [],
  drivers: [],
  guestScales: [],
  variant: '',
  explanation: `no runs of ${study.name}`,
  busiestCell: null,
  runIds: [],
});

const explain = (need: Needs, texts: readonly (string | null | undefined)[]): string | null => {
  const leftOut = need.leftOut.length === 0 ? [] : [`left out: ${need.leftOut.join('; ')}`];
  const said = [...texts.filter((text) => typeof text === 'string'), ...leftOut];
  return said.length === 0 ? null : said.join('. ');
};

const publishedOver = ({ value }: Estimate, tolerance: Tolerance): number | null => {
  const { published } = tolerance;
  return published === null || value === 0 || kindOf(tolerance) === 'own goal' ? null : published / value;
};

const conclude = (study: Study, check: Check, need: Needs, later: () => Finding) => {
  if (need.missing.length > 0)
    return { ...nothingMeasured, explanation: `missing: ${need.missing.join('; ')}` };
  const finding = later();
  const tolerance = toleranceOf(study, check);
  const estimate = estimateOf(finding.statistic, tolerance.unit, study.rules);
  if (!Number.isFinite(estimate.value))
    return {
      ...nothingMeasured,
      explanation: explain(need, ['the runs give no figure', finding.explanation]),
    };
  const incomplete = finding.incomplete === undefined ? null : `only ${finding.incomplete} measured`;
  return {
    measured: measuredText(estimate, finding, tolerance),
    estimate,
    publishedOverMeasured: publishedOver(estimate, tolerance),
    isNearBound: crossesBound(estimate, tolerance),
    verdict: verdictOf(check, estimate, finding, tolerance),
    explanation: explain(need, [incomplete, finding.explanation]),
  };
};

/** A check with its trend and study. */
export interface CheckOfStudy {
  study: Study;
  trend: Trend;
  check: Check;
}

/** A check on the runs of a set-up, by one way to tell their time. */
const judgeBy = (study: Study, check: Check, setUp: SetUp, options: CheckOptions) => {
  const need = needsOf(setUp, study.rules);
  const conclusion = ownCode(study, `check ${check.id}`, () =>
    conclude(study, check, need, check.prepare(need, options)),
  );
  return { conclusion, runIds: need.runIds };
};

const cellsOf = ({ cells }: SetUp, runIds: readonly string[]): readonly Cell[] => {
  const used = new Set(runIds);
  return cells.filter(({ completed }) => completed.some(({ runId }) => used.has(runId)));
};

const timesOf = (setUp: SetUp, era: Era, runIds: readonly string[]): TimeInEra[] =>
  cellsOf(setUp, runIds).map(({ part, labels, completed }) => ({
    cell: cellText(part, labels),
    totalTimeMs: medianOf(completed, totalTimeMs),
    orchestratedTimeMs: medianOf(completed, orchestratedTimeMs(era)),
  }));

const judgeInEra = (
  { study, check }: CheckOfStudy,
  setUp: SetUp,
  options: JudgeOptions,
  [era, { basis }]: [Era, EraCheck],
  measuredRunIds: readonly string[],
): VerdictInEra => {
  const judge = (one: Era) =>
    judgeBy(study, check, inEra(setUp, one), { ...options, timeMs: orchestratedTimeMs(one) });
  const { conclusion, runIds } = judge(era);
  const { measured, estimate, verdict, explanation } = conclusion;
  return {
    era: era.name,
    basis,
    measured,
    estimate,
    verdict,
    withoutFixedTime: judge(withoutFixedTime(era)).conclusion.verdict,
    hasSwitches: runIds.some((id) => !measuredRunIds.includes(id)),
    explanation,
    times: timesOf(setUp, era, runIds),
  };
};

/** One check on one set-up: by physics, then in the eras of its study that may judge it. */
export const judgeCheck = (of: CheckOfStudy, setUp: SetUp, options: JudgeOptions): TrendVerdict => {
  const { study, trend, check } = of;
  const { conclusion, runIds } = judgeBy(study, check, setUp, { ...options, timeMs: totalTimeMs });
  const eras = study.eras.flatMap((era): [Era, EraCheck][] => {
    const asked = era.checks[check.id];
    return asked === undefined ? [] : [[era, asked]];
  });
  return {
    ...frame(study, trend, check),
    ...conclusion,
    inEras: eras.map((era) => judgeInEra(of, setUp, options, era, runIds)),
    backends: [setUp.backend],
    drivers: [setUp.driver],
    guestScales: [setUp.guestScale],
    variant: setUp.variant,
    busiestCell: busiestCellOf(cellsOf(setUp, runIds)),
    runIds: [...runIds],
  };
};
