import type { RunResult } from '#harness/result';
import { syntheticIcclab, syntheticUlster } from './sweep-results.ts';

/** A few cells of every part, one run each, and the bisection: enough for a page with everything on it. */
const isShown = ({ sweep }: RunResult): boolean =>
  sweep?.part === 'pre-copy-limit' ||
  (sweep?.repeat === 0 &&
    [undefined, 0, 2048, 8192].includes(sweep.cell['stressMB'] as number | undefined) &&
    [undefined, 't', 'xl'].includes(sweep.cell['flavour'] as string | undefined));

export const shownRuns = (): RunResult[] => [...syntheticIcclab(), ...syntheticUlster()].filter(isShown);
