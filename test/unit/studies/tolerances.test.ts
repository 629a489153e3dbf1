import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import icclab from '../../../studies/icclab-10g/tolerances.json' with { type: 'json' };
import ulster from '../../../studies/ulster-wan/tolerances.json' with { type: 'json' };
import { digestOf } from '#harness/studies/read';
import { isWithin, marginOf } from '#harness/trends/tolerances';
import { checkOf, studies } from '#test/support/studies';

/** The digest of the freeze, repeated here so that the first entries can't be rewritten unnoticed. */
const frozenDigest = 'a3851f5b20f13f58a04da4b832744b0caba13484b0770a9c7ee3abe14b55d4f4';
const frozen = studies.filter(({ trends }) => trends.length > 0);

describe('the tolerances of the published experiments', () => {
  test('are those that were frozen, as a single file', () => {
    const { leastRepeats, leastPointsOfLine, beyondLimitFactor, confidence, resamples, seed } = icclab.rules;
    const { leastFlavours } = ulster.rules;
    expect(ulster.rules).toEqual({ leastRepeats, leastFlavours, confidence, resamples, seed });
    const rules = {
      leastRepeats,
      leastPointsOfLine,
      leastFlavours,
      beyondLimitFactor,
      confidence,
      resamples,
      seed,
    };
    // Later checks come after those of the freeze.
    const late = ['17a', '17b', '18a', '18b', '19a', '19b', '23', '24'];
    const checks = Object.entries({ ...icclab.checks, ...ulster.checks }).filter(
      ([id]) => !late.includes(id),
    );
    const together = { rules, checks: Object.fromEntries(checks) };
    expect(createHash('sha256').update(JSON.stringify(together)).digest('hex')).toBe(frozenDigest);
    for (const { changes } of [icclab, ulster])
      expect(changes[0]).toMatchObject({ on: '2026-11-21', digest: frozenDigest });
    expect(frozen.map(({ name, frozenOn }) => [name, frozenOn])).toEqual([
      ['akoush-prediction', '2026-11-27'],
      ['icclab-10g', '2026-11-21'],
      ['icclab-load', '2026-11-27'],
      ['modcs-service', '2026-11-27'],
      ['ulster-wan', '2026-11-21'],
    ]);
  });

  test('a silent change is noticed', () => {
    const widened = structuredClone(icclab);
    widened.checks['2a'].atMost = 2.5;
    expect(digestOf(widened)).not.toBe(icclab.changes.at(-1)?.digest);
    const laxer = structuredClone(icclab);
    laxer.rules.leastRepeats = 1;
    expect(digestOf(laxer)).not.toBe(icclab.changes.at(-1)?.digest);
    expect(digestOf(icclab)).toBe(icclab.changes.at(-1)?.digest);
  });

  const all = frozen.flatMap(({ tolerances }) => Object.keys(tolerances));
  test.each(all)('%s has a bound, a reason and keeps what the documents published', (id) => {
    const tolerance = checkOf(id).study.tolerances[id]!;
    expect(marginOf(1e12, tolerance) < 0 || marginOf(-1e12, tolerance) < 0).toBe(true);
    expect(tolerance.reason.length).toBeGreaterThan(10);
    // 11b is physics, which the documents' table violates: that makes trend 11 contested.
    if (tolerance.published !== null) expect(isWithin(tolerance.published, tolerance)).toBe(id !== '11b');
  });
});
