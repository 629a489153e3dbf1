import { env } from 'node:process';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';

/** Cases of a property in `npm test`. `npm run soak` asks for more. */
const defaultCases = 2000;
const caseMaxMs = 10_000;

const numberFrom = (name: string): number | undefined => {
  const text = env[name];
  return text === undefined || text === '' ? undefined : Number(text);
};

export interface FuzzOptions<T> {
  /** The fraction of the usual number of cases, for a property with slow cases. At least one case is tried. */
  share?: number;
  /** Cases that are tried before the generated ones. */
  examples?: readonly T[];
}

/** The command that tries just the shrunk counterexample again. */
const replayCommand = (seed: number, path: string): string => {
  const { testPath, currentTestName } = expect.getState();
  const file = testPath?.slice(testPath.indexOf('/test/') + 1) ?? 'test';
  return (
    `LIVEMIG_FUZZ_SEED=${seed} LIVEMIG_FUZZ_PATH=${path} ` +
    `npm test -- ${file} -t '${(currentTestName ?? '').replaceAll("'", '.')}'`
  );
};

/**
 * A Jest test that holds a property against generated input: 2,000 cases, another seed each time. A failure shows the
 * shrunk counterexample and the command that replays it.
 *
 * Set by `npm run soak` or by hand: LIVEMIG_FUZZ_CASES, LIVEMIG_FUZZ_MAX_MS (a property stops there, without failing),
 * LIVEMIG_FUZZ_SEED and LIVEMIG_FUZZ_PATH (one case again).
 * @param holds throws, or returns false, if the property doesn't hold.
 */
export const fuzz = <T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- like fast-check's own properties
  holds: (value: T) => boolean | void | Promise<boolean | void>,
  { share = 1, examples = [] }: FuzzOptions<T> = {},
): void => {
  const maxMs = numberFrom('LIVEMIG_FUZZ_MAX_MS');
  const cases = Math.max(1, Math.round((numberFrom('LIVEMIG_FUZZ_CASES') ?? defaultCases) * share));
  const jestTimeoutMs = (maxMs ?? 120_000) + 2 * caseMaxMs;
  it(
    name,
    async () => {
      const property = fc.asyncProperty(arbitrary, async (value) => holds(value));
      const seed = numberFrom('LIVEMIG_FUZZ_SEED');
      const path = env['LIVEMIG_FUZZ_PATH'];
      const outcome = await fc.check(property, {
        numRuns: cases,
        timeout: caseMaxMs,
        markInterruptAsFailure: false,
        examples: examples.map((example): [T] => [example]),
        ...(seed !== undefined && { seed }),
        ...(path !== undefined && { path }),
        ...(maxMs !== undefined && { interruptAfterTimeLimit: maxMs }),
      });
      if (!outcome.failed) return;
      const replay = replayCommand(outcome.seed, outcome.counterexamplePath ?? '');
      throw new Error(`${fc.defaultReportMessage(outcome) ?? 'failed'}\n\nTry it again:\n  ${replay}`);
    },
    jestTimeoutMs,
  );
};
