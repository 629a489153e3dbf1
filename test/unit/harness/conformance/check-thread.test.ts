import { describe, expect, test } from '@jest/globals';
import { checkInThread } from '../../../../harness/conformance/check-thread.ts';
import { conformanceCases } from '../../../../harness/conformance/cases.ts';
import type { Finding } from '../../../../harness/conformance/check.ts';

const cases = conformanceCases().length;

const strategy = (migrate: string): { file: string; text: string } => ({
  file: 'mine.js',
  text: `export default { name: 'mine', migrate: ${migrate} };`,
});

const problemsOf = (findings: readonly Finding[]): (string | null)[] =>
  findings.map(({ problem }) => problem);

describe('a strategy in a thread of its own', () => {
  test('that throws is told so, case by case', async () => {
    const told: Finding[] = [];
    const findings = await checkInThread(strategy("async () => { throw new Error('no'); }"), {
      told: (finding) => told.push(finding),
    });
    expect(findings).toHaveLength(cases);
    expect(problemsOf(findings).slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 'no'));
    expect(told).toEqual(findings);
  });

  test.each([
    ['awaits what never comes', '() => new Promise(() => undefined)', /never ends/, {}],
    ['loops without awaiting', '() => { for (;;); }', /did not end within 1 s/, { caseMaxMs: 1000 }],
    [
      'fails where nobody waits',
      "() => new Promise(() => { setTimeout(() => { throw new Error('later'); }); })",
      /later/,
      {},
    ],
  ])('that %s is told as such, and the rest as not tried', async (_, migrate, reason, options) => {
    const findings = await checkInThread(strategy(migrate), options);
    const [first, ...rest] = problemsOf(findings);
    expect(first).toMatch(reason);
    expect(rest).toEqual(Array.from({ length: cases - 1 }, () => 'not tried'));
  });

  test('ends when it is told to', async () => {
    const signal = AbortSignal.timeout(200);
    await expect(checkInThread(strategy('() => { for (;;); }'), { signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});
