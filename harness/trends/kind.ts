import type { Tolerance } from './tolerances.ts';
import { isWithin } from './tolerances.ts';

/** What a check that holds says about the documents: how large a figure is, which side of a bound it is on, or nothing. */
export const checkKinds = ['two-sided', 'one-sided', 'own goal'] as const;
export type CheckKind = (typeof checkKinds)[number];

export const kindTexts: Readonly<Record<CheckKind, string>> = {
  'two-sided': 'documents, two-sided',
  'one-sided': 'documents, one-sided',
  'own goal': 'our own goals',
};

/**
 * Two-sided: the published figure lies between two bounds, so too little fails like too much. One-sided: an order, a
 * direction or a limit, which a figure of quite another size may keep as well. Own goal: the documents give no figure
 * and don't state it in words either, or their figure would fail.
 */
export const kindOf = (tolerance: Tolerance): CheckKind => {
  const { published, isInWords = false, atLeast, above, atMost, below } = tolerance;
  if (isInWords) return 'one-sided';
  if (published === null || !isWithin(published, tolerance)) return 'own goal';
  const low = atLeast ?? above ?? -Infinity;
  const high = atMost ?? below ?? Infinity;
  return Number.isFinite(low) && Number.isFinite(high) && published > low && published < high
    ? 'two-sided'
    : 'one-sided';
};

/** Each kind that there are verdicts of, with these. */
export const byKind = <Judged extends { kind: CheckKind }>(
  verdicts: readonly Judged[],
): { kind: CheckKind; ofKind: readonly Judged[] }[] =>
  checkKinds
    .map((kind) => ({ kind, ofKind: verdicts.filter((verdict) => verdict.kind === kind) }))
    .filter(({ ofKind }) => ofKind.length > 0);
