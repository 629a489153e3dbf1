import { expect, test } from '@jest/globals';
import { secondTakesOf } from '#test/runner/second-take';
import type { SweepOfRun } from '#harness/result';
import { verdictOf } from './verdict-of.ts';

const runOf = (runId: string, part: string) => ({ runId, sweep: { part } as SweepOfRun });
const runs = [
  runOf('a', 'hybrid'),
  runOf('b', 'hybrid'),
  runOf('c', 'sender-cap'),
  { runId: 'd', sweep: null },
];
const mine = { name: 'mine', knownFailures: [{ id: '3a', on: '2026-11-21', reason: 'two cores' }] };
const others = { name: 'others', knownFailures: [] };

test('the parts behind a check that would be red are measured again, each once', () => {
  const verdicts = [
    { ...verdictOf('1a', 'fails'), runIds: ['a', 'b', 'c', 'd'] },
    { ...verdictOf('1b', 'fails'), runIds: ['b'] },
  ];
  expect(secondTakesOf(verdicts, [others, mine], runs)).toEqual([
    { study: mine, parts: ['hybrid', 'sender-cap'], checks: ['1a', '1b'] },
  ]);
});

test.each([
  { what: 'holds', verdict: verdictOf('1a', 'holds') },
  { what: 'is undecided', verdict: { ...verdictOf('1a', 'fails'), isNearBound: true } },
  { what: 'is known to fail', verdict: verdictOf('3a', 'fails') },
  { what: 'was not measured', verdict: verdictOf('1a', 'not measured') },
])('what $what is not measured again', ({ verdict }) => {
  expect(secondTakesOf([{ ...verdict, runIds: ['a'] }], [mine], runs)).toEqual([]);
});
