import { expect, test } from '@jest/globals';
import { Thrift } from '#catalogue/capabilities/parts/dedup/thrift';

/** How many of this many pages of this kind are looked at. */
const lookedAt = (thrift: Thrift, pages: number, share: number): number => {
  let looks = 0;
  for (let page = 0; page < pages; page++)
    if (thrift.isLookDue()) {
      looks++;
      thrift.looked(share);
    }
  return looks;
};

test('looks at every page while content repeats, and rarely while it does not', () => {
  const thrift = new Thrift();
  expect(lookedAt(thrift, 5000, 0.5)).toBe(5000);
  lookedAt(thrift, 2048, 0);
  expect(thrift.isResting).toBe(true);
  expect(lookedAt(thrift, 64_000, 0)).toBe(1000);
});

test('comes back soon when content repeats again', () => {
  const thrift = new Thrift();
  lookedAt(thrift, 2048, 0);
  lookedAt(thrift, 64 * 10, 0.75);
  expect(thrift.isResting).toBe(false);
});

test('does not come back for occasional repeats', () => {
  const thrift = new Thrift();
  lookedAt(thrift, 2048, 0);
  lookedAt(thrift, 64 * 1000, 0.05);
  expect(thrift.isResting).toBe(true);
});
