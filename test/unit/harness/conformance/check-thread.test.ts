import { describe, expect, test } from '@jest/globals';
import { checkInThread } from '#harness/conformance/check-thread';
import { conformanceCases } from '#harness/conformance/cases';
import type { Finding } from '#harness/conformance/check';

const cases = conformanceCases().length;

const strategy = (migrate: string): { file: string; text: string } => ({
  file: 'mine.js',
  text: `export default { name: 'mine', migrate: ${migrate} };`,
});

const problemsOf = (findings: readonly Finding[]): (string | null)[] =>
  findings.map(({ problem }) => problem);

describe('a strategy in its own thread', () => {
  test('that throws is reported, case by case', async () => {
    const told: Finding[] = [];
    const findings = await checkInThread(strategy("async () => { throw new Error('no'); }"), {
      told: (finding) => told.push(finding),
    });
    expect(findings).toHaveLength(cases);
    for (const problem of problemsOf(findings).slice(0, 7)) expect(problem).toMatch(/^no: /);
    expect(told).toEqual(findings);
  });

  test.each([
    ['loops without awaiting', '() => { for (;;); }', /did not end within 1 s/, { caseMaxMs: 1000 }],
    [
      'fails where nobody waits',
      "() => new Promise(() => { queueMicrotask(() => { throw new Error('later'); }); })",
      /later/,
      {},
    ],
  ])('that %s is reported as such, and the other cases as not tried', async (_, migrate, reason, options) => {
    const findings = await checkInThread(strategy(migrate), options);
    const [first, ...rest] = problemsOf(findings);
    expect(first).toMatch(reason);
    expect(rest).toEqual(Array.from({ length: cases - 1 }, () => 'not tried'));
  });

  test('that waits for ever is reported, case by case', async () => {
    const problems = problemsOf(await checkInThread(strategy('() => new Promise(() => undefined)')));
    expect(problems).toHaveLength(cases);
    for (const problem of problems.slice(0, 7)) expect(problem).toMatch(/never ends/);
  });

  test('ends when it is told to', async () => {
    const signal = AbortSignal.timeout(200);
    await expect(checkInThread(strategy('() => { for (;;); }'), { signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});
