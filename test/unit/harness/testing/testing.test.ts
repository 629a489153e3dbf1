import { beforeAll, describe, expect, test } from '@jest/globals';
import { run } from '#harness/api';
import type { CompletedRun, RunResult } from '#harness/api';
import {
  assertCompletedWithin,
  assertDowntimeBelow,
  assertNoPageLost,
  matchers,
  shareTestbed,
} from '#harness/testing';
import type { MigrationMatchers } from '#harness/testing';

declare module 'expect' {
  interface Matchers<R> extends MigrationMatchers<R> {}
}
expect.extend(matchers);

const small = { driver: 'sim', link: 'lan-1g', guest: '16MiB', workload: 'idle', warmupMs: 100 } as const;

let completed: CompletedRun;
let aborted: RunResult;
beforeAll(async () => {
  completed = (await run(small)) as CompletedRun;
  aborted = await run(small, { signal: AbortSignal.abort() });
});

const withLost = (lost: Partial<CompletedRun['integrity']>): CompletedRun => ({
  ...completed,
  integrity: { ...completed.integrity, ...lost },
});

describe('of a completed run', () => {
  test('true claims hold', () => {
    const { totalTimeMs, downtimeMs } = completed.measurement;
    assertCompletedWithin(completed, totalTimeMs);
    assertDowntimeBelow(completed, downtimeMs + 0.1);
    assertNoPageLost(completed);
    expect(completed).toHaveCompletedWithin(totalTimeMs);
    expect(completed).toHaveDowntimeBelow(downtimeMs + 0.1);
    expect(completed).toHaveLostNoPage();
  });

  test('false ones fail, and say what was expected and what came', () => {
    const { totalTimeMs, downtimeMs } = completed.measurement;
    expect(() => { assertCompletedWithin(completed, totalTimeMs - 1); }).toThrow(/expected the migration to complete within .* ms, got .* ms/); // prettier-ignore
    expect(() => { assertDowntimeBelow(completed, downtimeMs); }).toThrow(/expected a downtime below .* ms, got/); // prettier-ignore
    expect(() => { expect(completed).toHaveCompletedWithin(0); }).toThrow(/to complete within 0.0 ms, got/); // prettier-ignore
    expect(() => { expect(completed).not.toHaveDowntimeBelow(9e9); }).toThrow(/the opposite of a downtime below/); // prettier-ignore
  });

  test.each([
    ['a page', { mismatches: 1 }],
    ['a stale read', { staleReads: 1 }],
    ['no comparison', { pagesCompared: 0 }],
    ['a sector', { disk: { sectorsCompared: 9, mismatches: 1, firstMismatches: [4], staleReads: 0 } }],
  ])('%s lost is noticed', (_, lost) => {
    expect(() => { assertNoPageLost(withLost(lost)); }).toThrow('expected no page to be lost'); // prettier-ignore
    expect(withLost(lost)).not.toHaveLostNoPage();
  });

  test('limits that are no numbers are errors', () => {
    expect(() => { assertDowntimeBelow(completed, NaN); }).toThrow(/expected a limit in ms/); // prettier-ignore
    expect(() => { expect(completed).not.toHaveCompletedWithin(-1); }).toThrow(/expected a limit in ms/); // prettier-ignore
  });
});

describe('of a run that did not complete', () => {
  test('it is neither in time, nor has it a downtime or compared pages', () => {
    expect(() => { assertCompletedWithin(aborted, 1e6); }).toThrow(/got aborted \(CANCELLED/); // prettier-ignore
    expect(aborted).not.toHaveCompletedWithin(1e6);
    for (const claim of [
      () => { assertDowntimeBelow(aborted, 1e6); },
      () => { assertNoPageLost(aborted); },
      () => { expect(aborted).not.toHaveDowntimeBelow(1e6); },
      () => { expect(aborted).not.toHaveLostNoPage(); },
    ]) expect(claim).toThrow(TypeError); // prettier-ignore
  });
});

describe('shareTestbed', () => {
  test('asks at once for a hook, which takes the testbed down', async () => {
    const hooks: (() => Promise<void>)[] = [];
    const opening = shareTestbed((hook) => hooks.push(hook), { driver: 'sim' });
    expect(hooks).toHaveLength(1);
    const testbed = await opening;
    expect(await testbed.run(small)).toMatchObject({ state: 'completed' });
    await hooks[0]?.();
    await expect(testbed.run(small)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('whose driver cannot be had leaves nothing for the hook to do', async () => {
    const hooks: (() => Promise<void>)[] = [];
    const opening = shareTestbed((hook) => hooks.push(hook), { driver: 'vmware' as 'sim' });
    await expect(opening).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(hooks[0]?.()).resolves.toBeUndefined();
  });
});
