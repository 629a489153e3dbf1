import { number, valuesOf } from '../parameter.ts';
import type { ReadPatternDefinition } from '../read-pattern.ts';

const parameters = {
  zipfExponent: number({
    help: 'exponent of the distribution: the nearer to 1, the more accesses go to few pages',
    unit: 'of 1',
    least: 0,
    isAboveLeast: true,
    most: 0.999,
    default: 0.99,
  }),
};

/** Terms that are summed one by one; the rest is their integral, with the first term of Euler and Maclaurin. */
const summedTerms = 4096;

/** The sum of 1/k^exponent for k from 1 to n. */
const zeta = (n: number, exponent: number): number => {
  let sum = 0;
  const summed = Math.min(n, summedTerms);
  for (let k = 1; k <= summed; k++) sum += k ** -exponent;
  if (n === summed) return sum;
  const rest = (n ** (1 - exponent) - summed ** (1 - exponent)) / (1 - exponent);
  return sum + rest + (n ** -exponent - summed ** -exponent) / 2;
};

/**
 * Zipf's law, page k with a probability of 1/k^exponent, the most popular page first: the inverse distribution of Gray et
 * al., "Quickly generating billion-record synthetic databases" (1994), as YCSB draws its keys.
 */
const zipf: ReadPatternDefinition = {
  name: 'zipf',
  help: "at random by Zipf's law, as requests to a web server are: few pages are popular, most are rarely read",
  parameters,
  start: ({ slice, config }) => {
    const { zipfExponent: exponent } = valuesOf(parameters, config);
    const n = Math.max(1, slice.pages);
    const whole = zeta(n, exponent);
    const firstTwo = 1 + 2 ** -exponent;
    const eta = (1 - (2 / n) ** (1 - exponent)) / (1 - firstTwo / whole);
    return (random) => {
      const share = (random() >>> 0) / 2 ** 32;
      if (share * whole < 1) return 0;
      if (share * whole < firstTwo) return Math.min(1, n - 1);
      return Math.min(n - 1, Math.floor(n * (eta * share - eta + 1) ** (1 / (1 - exponent))));
    };
  },
};

export default zipf;
