import type { Judgement } from '../judgement.ts';
import type { TrendVerdict } from '../verdict.ts';
import { scaleText, variantText } from '../words.ts';

/** `nfqueue, netns, κ_M 1/16`; a dash where nothing was measured. */
export const settingText = ({ backends, drivers, guestScales, variant }: TrendVerdict): string => {
  const parts = [...backends, ...drivers, ...guestScales.map((scale) => `κ_M ${scaleText(scale)}`)];
  return parts.length === 0 ? '–' : `${parts.join(', ')}${variantText(variant)}`;
};

/** `19 hold, 2 fail, 1 contested, 5 not measured`, without what there is none of. */
export const countsText = ({ counts }: Judgement): string =>
  (
    [
      [counts.holds, counts.holds === 1 ? 'holds' : 'hold'],
      [counts.fails, counts.fails === 1 ? 'fails' : 'fail'],
      [counts.contested, 'contested'],
      [counts['not measured'], 'not measured'],
    ] as const
  )
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`)
    .join(', ');

/** What the figures are, once for all of them. */
export const legend = ({ tolerancesFrozenOn, accounting, runs }: Judgement): string =>
  `${runs} runs. Measured: estimate from medians of repetitions [95 % confidence interval]. Tolerances frozen ` +
  `${tolerancesFrozenOn}. Bytes counted as ${accounting}.`;

/** Checks of one document on one set-up stand together. */
export const groupsOf = ({ verdicts }: Judgement): TrendVerdict[][] => [
  ...Map.groupBy(verdicts, (verdict) => `${verdict.document} ${settingText(verdict)}`).values(),
];

/** A statement that holds needs no explanation. */
export const needsExplanation = ({ verdict }: TrendVerdict): boolean => verdict !== 'holds';
