import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import file from '../../../../harness/trends/tolerances.json' with { type: 'json' };
import {
  checkIds,
  frozenOn,
  isWithin,
  marginOf,
  toleranceChanges,
  tolerances,
  toleranceText,
} from '../../../../harness/trends/tolerances.ts';

const digestOf = (content: { rules: unknown; checks: unknown }): string =>
  createHash('sha256')
    .update(JSON.stringify({ rules: content.rules, checks: content.checks }))
    .digest('hex');

/** The digest of the freeze, also here, so that the first entry can't be rewritten by itself. */
const frozenDigest = 'a3851f5b20f13f58a04da4b832744b0caba13484b0770a9c7ee3abe14b55d4f4';

describe('the tolerances', () => {
  test('are those of the last dated entry: a change says when and why', () => {
    expect(toleranceChanges.at(-1)?.digest).toBe(digestOf(file));
    expect(toleranceChanges[0]).toMatchObject({ on: '2026-11-21', digest: frozenDigest });
    expect(frozenOn).toBe('2026-11-21');
    const days = toleranceChanges.map(({ on }) => on);
    expect(days).toEqual([...days].sort());
    for (const { on, why } of toleranceChanges) {
      expect(on).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(why.length).toBeGreaterThan(20);
    }
  });

  test('a silent change is noticed', () => {
    const widened = structuredClone(file);
    widened.checks['2a'].atMost = 2.5;
    expect(digestOf(widened)).not.toBe(toleranceChanges.at(-1)?.digest);
    const laxer = structuredClone(file);
    laxer.rules.leastRepeats = 1;
    expect(digestOf(laxer)).not.toBe(toleranceChanges.at(-1)?.digest);
  });

  test.each(checkIds)('%s has a bound, a reason and keeps what the documents published', (id) => {
    const tolerance = tolerances[id];
    expect(marginOf(1e12, tolerance) < 0 || marginOf(-1e12, tolerance) < 0).toBe(true);
    expect(tolerance.reason.length).toBeGreaterThan(10);
    // 11b is physics, which the documents' table breaks: that is what makes trend 11 contested.
    if (tolerance.published !== null) expect(isWithin(tolerance.published, tolerance)).toBe(id !== '11b');
  });
});

test('bounds', () => {
  expect([isWithin(2, { atMost: 2 }), isWithin(2, { below: 2 }), isWithin(1, { above: 1 })]).toEqual([
    true,
    false,
    false,
  ]);
  expect(isWithin(NaN, { atLeast: 0 })).toBe(false);
  expect(marginOf(0.3, { atLeast: 0, atMost: 0.25 })).toBeCloseTo(-0.05);
  expect(marginOf(0.1, { atLeast: 0, atMost: 0.25 })).toBeCloseTo(0.1);
});

test.each([
  ['1a', '≥ 0.99'],
  ['2a', '1.85 … 2.15 B/B'],
  ['4a', '< 2 ×'],
  ['5a', '≤ 0.4 s'],
  ['8', '> 1 ×'],
] as const)('%s reads %s', (id, text) => {
  expect(toleranceText(tolerances[id])).toBe(text);
});
