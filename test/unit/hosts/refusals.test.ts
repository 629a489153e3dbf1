import { expect, test } from '@jest/globals';
import { Refusals } from '#hosts/refusals';

test('30,000 refusals are reported a few times, each time with their number', () => {
  const refusals = new Refusals();
  const told: number[] = [];
  for (let index = 0; index < 30_000; index++) if (refusals.add()) told.push(refusals.count);
  expect(refusals.count).toBe(30_000);
  expect(told.slice(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32]);
  expect(told).toHaveLength(21);
});
