import { expect, test } from '@jest/globals';
import { studies } from '#test/support/studies';

const all = studies.flatMap(({ contradictions }) => [...contradictions()]);
const known = new Map(all.map((each) => [each.id, each]));

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
  ['akoush-sfs-time', 1.5, 1.36],
  ['blm-faster-than-its-link', 116.25, 143.166],
  ['pre-copy-beyond-its-downtime', 34.875, 96],
  ['dublin-data-bound', 0.5, 0.581],
  ['tiny-data-change', 1, 0.419],
  ['marginal-rate-dublin-m', 7, 38.58],
  ['marginal-rate-dublin-xl', 7, 9.28],
  ['marginal-rate-halifax-l', 3, 11.27],
  ['post-copy-version', 1.2, 2.5],
])('%s: %d against %d', (id, claimed, computed) => {
  expect(known.get(id)!.claimed).toBe(claimed);
  expect(known.get(id)!.computed).toBeCloseTo(computed, 2);
});

test('no other step between flavours is faster than iperf', () => {
  expect([...known.keys()].filter((id) => id.startsWith('marginal-rate-'))).toHaveLength(3);
});

test('each one is a contradiction, reported with both figures', () => {
  expect(known.size).toBe(all.length);
  for (const { claimed, computed, text, claim, document } of known.values()) {
    expect(Math.abs(claimed - computed) / claimed).toBeGreaterThan(0.04);
    expect(`${claim}${document}`).not.toBe('');
    expect(text.match(/\d/g)!.length).toBeGreaterThan(1);
    expect(text).not.toMatch(/NaN|undefined/);
  }
});
