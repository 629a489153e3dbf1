import type { BisectDocument } from './document.ts';

/** An outcome of bisection: whether the migration converged at a value. */
export type Outcomes = ReadonlyMap<number, boolean>;

export type Step =
  | { evaluate: number }
  /** The limit lies between the two; null if it lies beyond that end of the range. */
  | { converged: number | null; notConverged: number | null };

type Range = Pick<BisectDocument, 'low' | 'high' | 'scale' | 'resolution'>;

/** Three significant digits: readable, and far finer than the variation between runs. */
const rounded = (value: number): number => Number(value.toPrecision(3));

const middle = (scale: Range['scale'], low: number, high: number): number =>
  rounded(scale === 'geometric' ? Math.sqrt(low * high) : (low + high) / 2);

const isResolved = ({ scale, resolution }: Range, low: number, high: number): boolean => {
  const between = middle(scale, low, high);
  if (between <= low || between >= high) return true;
  return scale === 'geometric' ? high / low <= resolution : high - low <= resolution;
};

/**
 * The next step of a bisection, derived only from its outcomes so far, so that an interrupted one resumes. It starts in
 * the middle and evaluates an end of the range only when nothing else is left next to it. Near the limit chance
 * decides: a value above may converge although one below did not, but every value is evaluated once and the search
 * continues from there.
 */
export const nextStep = (range: Range, outcomes: Outcomes): Step => {
  let { low, high } = range;
  while (!isResolved(range, low, high)) {
    const between = middle(range.scale, low, high);
    const converged = outcomes.get(between);
    if (converged === undefined) return { evaluate: between };
    if (converged) low = between;
    else high = between;
  }
  if (!outcomes.has(low)) return { evaluate: low };
  if (outcomes.get(low) === false) return { converged: null, notConverged: low };
  if (!outcomes.has(high)) return { evaluate: high };
  return outcomes.get(high) === true
    ? { converged: high, notConverged: null }
    : { converged: low, notConverged: high };
};

/** Number of evaluations if the limit lies within the range. */
export const expectedEvaluations = (range: Range): number => {
  const { low, high, scale, resolution } = range;
  const halvings =
    scale === 'geometric'
      ? Math.log2(Math.log(high / low) / Math.log(resolution))
      : Math.log2((high - low) / resolution);
  return Math.max(1, Math.ceil(halvings));
};
