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

/** What became of one check of one trend, on one set-up. */
export interface TrendVerdict {
  /** As in tolerances.json: '1a', '8'. */
  id: string;
  trend: number;
  statement: string;
  document: string;
  /** Table or figure of the document. */
  table: string;
  published: string;
  /** The estimate in words, also when its interval straddles a bound; null where nothing was measured. */
  measured: string | null;
  estimate: Estimate | null;
  /** The confidence interval lies on both sides of a bound: another set of runs may give the other verdict. */
  isNearBound: boolean;
  tolerance: string;
  verdict: VerdictName;
  backends: string[];
  drivers: string[];
  /** κ_M. */
  guestScales: number[];
  /** Where other settings of the experiment were measured as well: what is particular to this one; '' otherwise. */
  variant: string;
  /** Computed from the measured data, or what is missing; null where there is nothing to add. */
  explanation: string | null;
  /** The runs that it rests on. */
  runIds: string[];
}
