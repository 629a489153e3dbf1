import { expect, test } from '@jest/globals';
import { contradictions } from '../../../../harness/trends/contradictions/index.ts';

const known = new Map(contradictions().map((each) => [each.id, each]));

test.each([
  ['hybrid-downtime-bound', 0.5, 0.6],
  ['speed-up-bound', 3.7, 3.893],
  ['unloaded-growth-dublin', 1, 4.94],
  ['unloaded-growth-halifax', 1, 5.66],
  ['downtime-change-by-load', 0.2, 0.1],
  ['doubled-ram', 2, 0.884],
  ['halifax-data-bound', 0.4, 0.776],
  ['pre-copy-limit-1g', 32, 96],
  ['lm-faster', 0.36, 0.262],
  ['zero-traffic-blm', 24.5, 22.5],
  ['zero-traffic-lm', 17.5, 15],
  ['akoush-cpu-downtime', 2.4, 1.01],
])('%s: %d against %d', (id, claimed, computed) => {
  expect(known.get(id)!.claimed).toBe(claimed);
  expect(known.get(id)!.computed).toBeCloseTo(computed, 2);
});

test('each one is a contradiction, told with both figures', () => {
  expect(known.size).toBe(contradictions().length);
  for (const { claimed, computed, text, claim, document } of known.values()) {
    expect(Math.abs(claimed - computed) / claimed).toBeGreaterThan(0.04);
    expect(`${claim}${document}`).not.toBe('');
    expect(text.match(/\d/g)!.length).toBeGreaterThan(1);
    expect(text).not.toMatch(/NaN|undefined/);
  }
});
