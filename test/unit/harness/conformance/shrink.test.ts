import { expect, test } from '@jest/globals';
import type { Attempt } from '#harness/conformance/attempt';
import { smallest } from '#harness/conformance/shrink';
import { gigabitTrial } from '#harness/conformance/trial';

const large: Attempt = {
  trial: { ...gigabitTrial, vcpus: 2, diskBlocks: 100, diskWritesPerMs: 1 },
  disturbance: { kind: 'abort', nth: 3 },
};

test('an attempt gets smaller in every way that still shows the same, and keeps what disturbs it', async () => {
  const asked: Attempt[] = [];
  const found = await smallest(large, async (attempt) => {
    asked.push(attempt);
    const { pageCount, dirtyPagesPerMs, regionPages } = attempt.trial;
    return pageCount >= 20 && dirtyPagesPerMs > 0 && regionPages > 3;
  });
  expect(found).toEqual({
    trial: {
      ...large.trial,
      ...{ vcpus: 1, pageCount: 32, regionPages: 4, dirtyPagesPerMs: 1, diskBlocks: 0, diskWritesPerMs: 0 },
    },
    disturbance: large.disturbance,
  });
  expect(asked.length).toBeLessThan(30);
});

test('one that can not be smaller stays as it is, after a bounded number of tries', async () => {
  let tries = 0;
  const never = async (): Promise<boolean> => {
    tries++;
    return false;
  };
  expect(await smallest(large, never)).toEqual(large);
  expect(tries).toBeGreaterThan(20);
  expect(tries).toBeLessThanOrEqual(60);
});
