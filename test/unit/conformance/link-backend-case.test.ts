import { describe, expect, test } from '@jest/globals';
import { assertBetween, runCase } from '#test/conformance/link-backend-case';
import type { LinkLab } from '#test/support/link-lab';

/** Runs a case that measures these values, one a run, and ends when they do. */
const measuring = async (values: readonly (number | Error)[]) => {
  const said: string[] = [];
  let runs = 0;
  const run = async (): Promise<void> => {
    const value = values[runs++]!;
    if (value instanceof Error) throw value;
    assertBetween('it', value, 1, 2);
  };
  const outcome = await runCase({ name: 'case', run }, {} as LinkLab, (line) => said.push(line)).then(
    () => 'passed',
    (error: unknown) => (error as Error).message,
  );
  return { outcome, runs, said };
};

describe('a case of the link backends', () => {
  test('passes at once', async () => {
    expect(await measuring([1.5])).toEqual({ outcome: 'passed', runs: 1, said: [] });
  });

  test('that measures a value out of bounds is run again, and says so', async () => {
    expect(await measuring([3, 1.5])).toEqual({
      outcome: 'passed',
      runs: 2,
      said: ['attempt 1 at “case”: it: expected 1 to 2, got 3'],
    });
  });

  test('fails when it does so every time, and when a value is not a number', async () => {
    expect(await measuring([3, 0, 4, 1.5])).toMatchObject({
      outcome: 'it: expected 1 to 2, got 4',
      runs: 3,
    });
    expect(await measuring([NaN, NaN, NaN])).toMatchObject({ runs: 3 });
  });

  test('fails at once on anything else', async () => {
    expect(await measuring([new Error('lost its route'), 1.5])).toMatchObject({
      outcome: 'lost its route',
      runs: 1,
    });
  });
});
