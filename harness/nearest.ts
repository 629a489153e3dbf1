import { closest, distance } from 'fastest-levenshtein';
import { shown } from './shown.ts';

/** Longer ones are no mistyped names, and comparing them takes long. */
const typedMax = 100;

/** The known name that `name` was most probably meant to be; undefined where nothing is close. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  if (known.length === 0 || name.length > typedMax) return undefined;
  const lower = name.toLowerCase();
  const best = closest(lower, known);
  // Half of a name mistyped is no longer a typing mistake, except that a prefix or a part is a fair guess.
  const isClose = distance(lower, best) <= Math.max(2, Math.floor(best.length * 0.45));
  if (isClose) return best;
  return lower.length >= 3 ? known.find((candidate) => candidate.includes(lower)) : undefined;
};

/** `unknown link "colraine"; did you mean "coleraine-dublin"? (known: …)` */
export const unknownName = (kind: string, name: string, known: readonly string[]): string => {
  const guess = nearest(name, known);
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
  return `unknown ${kind} ${shown(name)}${hint} (known: ${known.join(', ')})`;
};
