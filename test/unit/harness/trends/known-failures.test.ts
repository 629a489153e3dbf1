import { expect, test } from '@jest/globals';
import { judge } from '#harness/trends/index';
import { sortFailures } from '#harness/trends/known-failures';
import type { VerdictName } from '#harness/trends/verdict';
import { studies } from '#test/support/studies';

const verdict = (id: string, name: VerdictName) => ({
  ...judge([], studies)[0]!,
  study: 'mine',
  id,
  verdict: name,
});
const knownFailures = [
  { id: '4a', on: '2026-11-22', reason: 'r' },
  { id: '7c', on: '2026-11-22', reason: 'r' },
  { id: '10a', on: '2026-11-22', reason: 'r' },
];
const known = [{ name: 'mine', knownFailures }];

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

test('an unmeasured check does not affect its entry', () => {
  expect(sortFailures([verdict('10a', 'not measured')], known).outdated).toEqual([]);
});

test('it does not explain another study’s check with the same id', () => {
  const other = { ...verdict('4a', 'fails'), study: 'other' };
  expect(sortFailures([other], [...known, { name: 'other', knownFailures: [] }])).toMatchObject({
    unexplained: [other],
    explained: [],
  });
});

test('an entry for a busy machine explains nothing on one that was measured to be idle, or not measured', () => {
  const busyOnly = [
    { name: 'mine', knownFailures: [{ id: '4a', on: '2026-11-27', reason: 'r', machineBusyAtLeast: 0.9 }] },
  ];
  const failing = (machineBusyShare: number | null) => ({
    ...verdict('4a', 'fails'),
    busiestCell: machineBusyShare === null ? null : { cell: 'hybrid link=1G', machineBusyShare },
  });
  const explained = [0.95, 0.9, 0.89, null].map(
    (share) => sortFailures([failing(share)], busyOnly).explained.length,
  );
  expect(explained).toEqual([1, 1, 0, 0]);
  expect(sortFailures([verdict('4a', 'holds')], busyOnly).outdated).toEqual([]);
});

test('the project’s lists have a date and a measured reason', () => {
  const listed = studies.flatMap(({ knownFailures: own }) => own);
  expect(listed.map(({ id }) => id)).toEqual([
    '15i',
    '15j',
    '15k',
    '15l',
    '15n',
    '15o',
    '15p',
    '15q',
    '15r',
    '15s',
    '15t',
    '15u',
    '15v',
    '15w',
    '15x',
    '15y',

    '1b',
    '2a',
    '3b',
    '4a',
    '4b',
    '17a',
    '17b',
    '19a',
    '19b',
    '12c',
    '12d',
    '21a',
    '7c',
    '10b',
    '23',
  ]);
  for (const { on, reason } of listed) {
    expect(on).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(reason).toMatch(/\d/);
  }
});
