import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planConsolidation } from '#harness/prediction/plan-consolidate';
import { planSla } from '#harness/prediction/plan-sla';
import type { Agreement } from '#harness/prediction/plan-sla';
import { amountOption, durationOption } from '#harness/cli/quantities';
import { consolidationText, slaText } from '#harness/report/plan';

const dayMs = 86_400_000;
/** 99.95 % of 30 days leave 21.6 min, of which 12 are used: 576 s. */
const agreement: Agreement = {
  availability: 0.9995,
  periodMs: 30 * dayMs,
  usedMs: 12 * 60_000,
  maxGapMs: 500,
  confidence: 0.9,
};
const start = (startAtMs: number, downtimeMs: number) => ({ startAtMs, downtimeMs, totalTimeMs: 5000, rounds: 3, sentPages: 1 }); // prettier-ignore
const way = (...downtimesMs: number[]) => ({
  name: 'way',
  failure: null,
  starts: downtimesMs.map((downtimeMs, nth) => start(1000 * nth, downtimeMs)),
});

describe('an agreement', () => {
  test('has room for as many downtimes as fit what is left of the budget', () => {
    const { budgetMs, ways } = planSla(agreement, [way(400)]);
    expect(budgetMs).toBeCloseTo(576_000, 6);
    expect(ways).toEqual([
      {
        name: 'way',
        downtimeMs: 400,
        totalTimeMs: 5000,
        migrations: 1440,
        intervalMs: (30 * dayMs) / 1440,
        bestStart: null,
        refusal: null,
      },
    ]);
  });

  test('uses the downtime at the requested confidence, and knows the best moment', () => {
    const downtimes = [50, 10, 20, 30, 40, 60, 70, 80, 90, 100];
    const [at90] = planSla(agreement, [way(...downtimes)]).ways;
    const [at50] = planSla({ ...agreement, confidence: 0.5 }, [way(...downtimes)]).ways;
    expect(at90?.downtimeMs).toBeGreaterThanOrEqual(90);
    expect(at50?.downtimeMs).toBeLessThanOrEqual(60);
    expect(at90?.bestStart).toEqual({ startAtMs: 1000, downtimeMs: 10 });
  });

  test.each([
    [{ ...agreement, maxGapMs: 300 }, 'exceeds the longest interruption of 300 ms'],
    [{ ...agreement, usedMs: 22 * 60_000 }, 'leaves no unavailability'],
    [{ ...agreement, usedMs: 21.6 * 60_000 - 100 }, 'exceeds the budget of 100.0 ms'],
  ])('that has no room says why: %j', (tight, why) => {
    expect(planSla(tight, [way(400)]).ways).toEqual([
      expect.objectContaining({ migrations: 0, intervalMs: null, refusal: expect.stringContaining(why) }),
    ]);
  });

  test('excludes a way that would not end', () => {
    const { ways } = planSla(agreement, [{ name: 'way', starts: [], failure: 'it would not end' }]);
    expect(ways).toEqual([expect.objectContaining({ migrations: 0, refusal: 'it would not end' })]);
    expect(slaText(planSla(agreement, [way(400), { name: 'b', starts: [], failure: 'no' }]))).toBe(
      'budget: 9.6 min of unavailability are left\n' +
        '  way: downtime 400 ms, total time 5 s; 1,440 migrations, one every 30.0 min\n' +
        '  b: none: no',
    );
  });

  test('is never violated by as many migrations as it has room for, but by one more', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.9, max: 1, noNaN: true }),
        fc.double({ min: 1000, max: 1e10, noNaN: true }),
        fc.double({ min: 0.1, max: 1e6, noNaN: true }),
        (availability, periodMs, downtimeMs) => {
          const plan = planSla({ ...agreement, availability, periodMs, usedMs: 0, maxGapMs: null }, [
            way(downtimeMs),
          ]);
          const migrations = plan.ways[0]?.migrations ?? Number.NaN;
          expect(migrations * downtimeMs).toBeLessThanOrEqual(Math.max(0, plan.budgetMs) * (1 + 1e-6) + 1e-6);
          expect((migrations + 1) * downtimeMs).toBeGreaterThan(plan.budgetMs);
        },
      ),
    );
  });
});

describe('consolidation', () => {
  const power = { idleW: 120, cpuW: 35, cpuShare: 1, nicW: 5 };
  const guest = (totalTimeMs: number) => ({ name: 'guest', totalTimeMs, downtimeMs: 300 });

  test('weighs moving there and back against what the idle host draws', () => {
    // 30 s and 60 s at 40 W, twice: 7200 J, which 120 W are in 60 s. The migrations take 180 s of the horizon.
    const plan = planConsolidation([guest(30_000), guest(60_000)], power, 600_000);
    expect(plan).toMatchObject({
      energyJ: 7200,
      breakEvenMs: 60_000,
      migrationMs: 180_000,
      offMs: 420_000,
      savedJ: 420 * 120 - 7200,
      downtimeMs: 1200,
      isWorth: true,
    });
    expect(consolidationText(plan)).toContain('worth it: 43200 J are saved');
  });

  test('is not worth it if the host is needed again too soon', () => {
    const plan = planConsolidation([guest(30_000), guest(60_000)], power, 239_000);
    expect(plan.isWorth).toBe(false);
    expect(consolidationText(plan)).toContain('not worth it: 120 J more');
    expect(planConsolidation([guest(60_000)], power, 1000)).toMatchObject({ offMs: 0, isWorth: false });
  });
});

describe('options with a unit', () => {
  test.each([
    ['30d', 30 * dayMs],
    ['12m', 720_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
  ])('%s', (text, ms) => {
    const problems: string[] = [];
    expect(durationOption(text, '--period', { default: null, least: 0, most: 1e12 }, problems)).toBe(ms);
    expect(problems).toEqual([]);
  });

  test.each(['30', 'd', '-1s', '1 fortnight', '1e9d', ''])('%j is not a duration', (text) => {
    const problems: string[] = [];
    durationOption(text, '--period', { default: null, least: 0, most: 1e12 }, problems);
    expect(problems).toEqual([expect.stringMatching(/^--period: expected a duration like 500ms/)]);
  });

  test('watts, with and without the unit, and what is missing', () => {
    const watts = { default: null, least: 0, most: 1000, unit: 'W' };
    const problems: string[] = [];
    expect(amountOption('120W', '--idle-power', watts, problems)).toBe(120);
    expect(amountOption('35', '--idle-power', watts, problems)).toBe(35);
    expect(problems).toEqual([]);
    amountOption(undefined, '--idle-power', watts, problems);
    amountOption('1001W', '--idle-power', watts, problems);
    expect(problems).toEqual([
      '--idle-power: expected a number from 0 to 1000 W, got nothing',
      '--idle-power: expected a number from 0 to 1000 W, got "1001W"',
    ]);
  });
});
