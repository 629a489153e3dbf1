import { isSimulated } from '../testbed/testbed.ts';
import type { CheckKind } from './kind.ts';

/** A measured quantity with its 95 % confidence interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** '' for a plain number. */
  unit: string;
}

export const verdictNames = ['holds', 'fails', 'contested', 'not measured'] as const;
export type VerdictName = (typeof verdictNames)[number];

/** The time of a cell, as measured and as an era's software would have told it: medians of its runs. */
export interface TimeInEra {
  /** `hybrid link=1G, stressMB=0` */
  cell: string;
  totalTimeMs: number;
  orchestratedTimeMs: number;
}

/** How much of the machine's CPU time was not idle in a cell: the median of its runs. */
export interface BusyCell {
  /** `hybrid link=10G, stressMB=8192` */
  cell: string;
  /** Everything on the machine, its kernel and stolen time included: at 1 the machine is the limit. */
  machineBusyShare: number;
}

/** What a check says once the fixed time and the switches of an era's software are taken into account. */
export interface VerdictInEra {
  era: string;
  /** `consistency`: a constant of the era comes from rows that the check judges. */
  basis: 'independent' | 'consistency';
  measured: string | null;
  estimate: Estimate | null;
  verdict: VerdictName;
  /** The negative control: the verdict with the era's fixed time at zero. */
  withoutFixedTime: VerdictName;
  /** Whether it is judged on other runs, with the switches of the era's software, which may suffice without the fixed time. */
  hasSwitches: boolean;
  explanation: string | null;
  /** Of the cells that it is judged on. */
  times: TimeInEra[];
}

/** The outcome of one check of a trend on one set-up. */
export interface TrendVerdict {
  /** As in tolerances.json: '1a', '8'. */
  id: string;
  /** Name of the study. */
  study: string;
  trend: number;
  statement: string;
  document: string;
  /** Counted apart. */
  kind: CheckKind;
  /** Table or figure of the document. */
  table: string;
  published: string;
  /** The estimate in words, even if its interval straddles a bound; null if nothing was measured. */
  measured: string | null;
  estimate: Estimate | null;
  /** The documents' figure for the quantity over the estimate; null without one of them, and for our own goals. */
  publishedOverMeasured: number | null;
  /** The confidence interval lies on both sides of a bound: another set of runs may give the other verdict. */
  isNearBound: boolean;
  tolerance: string;
  /** By physics: the runs as measured. */
  verdict: VerdictName;
  /** In each era that the study judges this check in. */
  inEras: VerdictInEra[];
  backends: string[];
  drivers: string[];
  /** κ_M. */
  guestScales: number[];
  /** What distinguishes this set-up, if other settings of the experiment were measured as well; '' otherwise. */
  variant: string;
  /** Computed from the measured data, or what is missing; null if there is nothing to add. */
  explanation: string | null;
  /** The busiest of the cells it is based on; null if that was not measured. */
  busiestCell: BusyCell | null;
  /** The runs it is based on. */
  runIds: string[];
}

/** Whether it is on simulated runs. It is never summed up with what is on measured ones. */
export const isOfModels = ({ drivers }: Pick<TrendVerdict, 'drivers'>): boolean => drivers.some(isSimulated);

/**
 * The era in which a check holds that fails as measured; null without one. Where the control holds too, it isn't the
 * era that makes it hold, unless the era's switches do.
 */
const eraOf = ({ verdict, inEras }: Pick<TrendVerdict, 'verdict' | 'inEras'>): VerdictInEra | null =>
  verdict === 'fails'
    ? (inEras.find(
        (each) => each.verdict === 'holds' && (each.withoutFixedTime !== 'holds' || each.hasSwitches),
      ) ?? null)
    : null;

/** What a check is counted as. */
export const verdictWords = ['holds', 'holds in era', 'fails', 'contested', 'not measured'] as const;
export type VerdictWord = (typeof verdictWords)[number];

export const wordOf = (verdict: Pick<TrendVerdict, 'verdict' | 'inEras'>): VerdictWord =>
  eraOf(verdict) === null ? verdict.verdict : 'holds in era';

const inEraText = ({ era, basis }: VerdictInEra): string =>
  `in era ${era}${basis === 'consistency' ? ' (consistency)' : ''}`;

/** `holds`, `fails`, or `fails; holds in era openstack-juno-2015`. */
export const verdictText = (verdict: Pick<TrendVerdict, 'verdict' | 'inEras'>): string => {
  const era = eraOf(verdict);
  return era === null ? verdict.verdict : `${verdict.verdict}; holds ${inEraText(era)}`;
};

/** What each era makes of a check, a sentence each. */
export const eraTexts = ({ inEras }: Pick<TrendVerdict, 'inEras'>): string[] =>
  inEras.map((each) => {
    const { verdict, measured, withoutFixedTime, hasSwitches, explanation } = each;
    if (measured === null) return `${inEraText(each)}: not measured: ${explanation ?? ''}`;
    const control =
      verdict === 'holds' && withoutFixedTime === 'holds'
        ? `; it holds without the fixed time as well${hasSwitches ? ', by the switches of its runs' : ''}`
        : '';
    return `${inEraText(each)}: ${measured}: ${verdict}${control}`;
  });
