import { expect, test } from '@jest/globals';
import { judge } from '../../../../harness/trends/index.ts';
import { knownFailures, sortFailures } from '../../../../harness/trends/known-failures.ts';
import { checkIds } from '../../../../harness/trends/tolerances.ts';
import type { VerdictName } from '../../../../harness/trends/verdict.ts';

const verdict = (id: string, name: VerdictName) => ({ ...judge([])[0]!, id, verdict: name });
const known = [
  { id: '4a', on: '2026-11-22', reason: 'r' },
  { id: '7c', on: '2026-11-22', reason: 'r' },
  { id: '10a', on: '2026-11-22', reason: 'r' },
];

test('an unlisted failure stands out, a listed one is explained, a listed one that holds is outdated', () => {
  const verdicts = [
    verdict('1a', 'holds'),
    verdict('2a', 'fails'),
    verdict('4a', 'fails'),
    verdict('7c', 'holds'),
  ];
  const { unexplained, explained, outdated } = sortFailures(verdicts, known);
  expect(unexplained.map(({ id }) => id)).toEqual(['2a']);
  expect(explained.map(({ known: { id } }) => id)).toEqual(['4a']);
  expect(outdated.map(({ id }) => id)).toEqual(['7c']);
});

test('what was not measured leaves its entry alone', () => {
  expect(sortFailures([verdict('10a', 'not measured')], known).outdated).toEqual([]);
});

test('the list names real checks, with a day and a reason', () => {
  for (const { id, on, reason } of knownFailures) {
    expect(checkIds).toContain(id);
    expect(on).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(reason).toMatch(/\d/);
  }
});
