import { describe, expect, test } from '@jest/globals';
import { expectedEvaluations, nextStep } from '#harness/sweep/bisection';
import { seededRandom } from '#proto/seeded-random';

const range = { low: 12, high: 1080, scale: 'geometric', resolution: 1.1 } as const;

/** Searches with an oracle to the end. */
const search = (of: Parameters<typeof nextStep>[0], converges: (value: number) => boolean) => {
  const outcomes = new Map<number, boolean>();
  for (;;) {
    const step = nextStep(of, outcomes);
    if (!('evaluate' in step)) return { ...step, evaluated: [...outcomes.keys()], outcomes };
    expect(outcomes.has(step.evaluate)).toBe(false);
    outcomes.set(step.evaluate, converges(step.evaluate));
  }
};

describe('a bisection', () => {
  test.each([13, 36, 100, 400, 1000])('finds a limit of %d within its resolution', (limit) => {
    const { converged, notConverged, evaluated } = search(range, (value) => value <= limit);
    expect(converged).toBeLessThanOrEqual(limit);
    expect(notConverged).toBeGreaterThan(limit);
    expect(notConverged! / converged!).toBeLessThanOrEqual(range.resolution);
    expect(evaluated.length).toBeLessThanOrEqual(expectedEvaluations(range) + 1);
  });

  test('halves differences on a linear scale', () => {
    const linear = { low: 0.5, high: 100, scale: 'linear', resolution: 2 } as const;
    const { converged, notConverged, evaluated } = search(linear, (value) => value < 37.7);
    expect(converged).toBeLessThan(37.7);
    expect(notConverged).toBeGreaterThanOrEqual(37.7);
    expect(notConverged! - converged!).toBeLessThanOrEqual(2);
    expect(evaluated).toHaveLength(expectedEvaluations(linear));
  });

  test.each([
    ['below', () => false, { converged: null, notConverged: 12 }],
    ['above', () => true, { converged: 1080, notConverged: null }],
  ])('says when the limit lies %s the range, after trying that end', (_, oracle, expected) => {
    const found = search(range, oracle);
    expect(found).toMatchObject(expected);
    expect(found.evaluated).toContain(expected.converged ?? expected.notConverged);
  });

  test('does not try the ends while the limit lies between them', () => {
    const { evaluated } = search(range, (value) => value <= 100);
    expect(evaluated).not.toContain(12);
    expect(evaluated).not.toContain(1080);
  });

  test('ends within the range even if outcomes are random, with each value run once', () => {
    const random = seededRandom(5);
    for (let attempt = 0; attempt < 300; attempt++) {
      // Never far above, always far below; in between, less often the higher the value.
      const { converged, notConverged, outcomes } = search(range, (value) => random() < 2 - value / 100);
      expect(converged).toBeGreaterThanOrEqual(12);
      expect(notConverged).toBeLessThanOrEqual(1080);
      expect(outcomes.get(converged!)).toBe(true);
      expect(outcomes.get(notConverged!)).toBe(false);
      expect(notConverged! / converged!).toBeLessThanOrEqual(range.resolution);
    }
  });

  test('continues after any interruption as if there had been none', () => {
    const oracle = (value: number) => value <= 36;
    const whole = search(range, oracle);
    for (let made = 0; made <= whole.evaluated.length; made++) {
      const before = new Map(whole.evaluated.slice(0, made).map((value) => [value, oracle(value)]));
      const step = nextStep(range, before);
      const next = whole.evaluated[made];
      if (next === undefined) expect(step).toMatchObject({ converged: whole.converged });
      else expect(step).toEqual({ evaluate: next });
    }
  });
});
