import type { JunitCase, JunitOutcome, JunitSuite } from '../junit.ts';
import { junitOf } from '../junit.ts';
import type { UnmatchedCell } from './cells.ts';
import type { ComparedCell, ComparedQuantity, Comparison } from './compare.ts';
import { quantityText } from './show.ts';

const outcomeOf = (quantity: ComparedQuantity): JunitOutcome => {
  const text = quantityText(quantity);
  switch (quantity.verdict) {
    case 'regression':
      return { kind: 'failed', message: text, type: 'regression' };
    case 'improvement':
    case 'unchanged':
      return { kind: 'passed', text };
    case 'too few':
    case 'no ratio':
      return { kind: 'skipped', message: `${quantity.verdict}: ${text}` };
  }
};

const suiteOf = ({ name, quantities }: ComparedCell): JunitSuite => ({
  name,
  cases: quantities.map((quantity) => ({
    classname: `livemig.compare.${name}`,
    name: quantity.name,
    timeS: 0,
    outcome: outcomeOf(quantity),
  })),
});

/** A cell that could not be compared, which is a failure unless that is allowed. */
const caseOfMissing = (side: 'A' | 'B', isAllowed: boolean, { name, runs }: UnmatchedCell): JunitCase => {
  const message = `only in ${side}, ${runs} run${runs === 1 ? '' : 's'}: not compared`;
  return {
    classname: 'livemig.compare',
    name,
    timeS: 0,
    outcome: isAllowed ? { kind: 'skipped', message } : { kind: 'failed', message, type: 'not compared' },
  };
};

/** A suite per cell, a case per quantity. @param isPartial cells in one set only are no failure */
export const comparisonJunit = (comparison: Comparison, isPartial: boolean): string => {
  const missing = [
    ...comparison.onlyInA.map((cell) => caseOfMissing('A', isPartial, cell)),
    ...comparison.onlyInB.map((cell) => caseOfMissing('B', isPartial, cell)),
  ];
  return junitOf('livemig compare', [
    ...comparison.cells.map(suiteOf),
    ...(missing.length === 0 ? [] : [{ name: 'cells in one set only', cases: missing }]),
  ]);
};
