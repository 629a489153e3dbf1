import { describe, expect, test } from '@jest/globals';
import { expectedOf, judgedTrain, trainPlanOf, trainReasons } from '#harness/testbed/packet-train';
import type { RttPlan } from '#harness/testbed/probe-plan';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { lossAgainOf, lossShareOf } from '#proto/link';
import { probed } from '#test/support/probed';

const plain: LinkDirection = { rateMbps: 100, delayMs: 20, jitterMs: 0, lossPercent: 0, bufferMs: 40 };
const profileOf = (out: Partial<LinkDirection>, back: Partial<LinkDirection> = {}): LinkProfile => ({
  name: 'x',
  description: 'x',
  sourceToDestination: { ...plain, ...out },
  destinationToSource: { ...plain, ...back },
});
const gemodel = { pPercent: 4, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 };
const plan: RttPlan = { count: 2_000, intervalMs: 2, patienceMs: 2_000 };

describe('a train', () => {
  test('is sent only where something becomes of packets', () => {
    expect(trainPlanOf(profileOf({ jitterMs: 5 }))).toBeNull();
    expect(trainPlanOf(profileOf({ lossPercent: 1 }))).toMatchObject({ count: 2_000, intervalMs: 2 });
    // 60 events of the rarest kind.
    expect(trainPlanOf(profileOf({ duplicatePercent: 5 }, { reorderPercent: 10 }))).toMatchObject({ count: 1_200 }); // prettier-ignore
  });

  test('takes a twentieth of a slow link at most', () => {
    const slow = trainPlanOf(profileOf({ rateMbps: 1, lossPercent: 1 }))!;
    expect((50 * 8) / 1000 / slow.intervalMs).toBeLessThanOrEqual(0.05);
  });
});

describe('what is expected of one', () => {
  test('independent loss: a binomial count, and four standard deviations of it', () => {
    const { lost, lossBursts } = expectedOf(profileOf({ lossPercent: 10 }), plan);
    const deviation = Math.sqrt(2_000 * 0.1 * 0.9);
    expect(Math.abs(lost.expected - 200)).toBeLessThan((4 * deviation) / 8);
    expect(lost.tolerance / (1 + 4 * deviation)).toBeGreaterThan(0.7);
    expect(lost.tolerance / (1 + 4 * deviation)).toBeLessThan(1.3);
    expect(Math.abs(lossBursts.expected - 180)).toBeLessThan(8);
  });

  test('loss in bursts, of either direction: theirs are seen, and those that both have', () => {
    for (const profile of [profileOf({ gemodel }), profileOf({}, { gemodel })]) {
      const { lost, lossBursts } = expectedOf(profile, plan);
      const share = lossShareOf({ ...plain, gemodel });
      expect(Math.abs(lost.expected - 2_000 * share)).toBeLessThan(20);
      const bursts = 2_000 * share * (1 - lossAgainOf({ ...plain, gemodel }));
      expect(Math.abs(lossBursts.expected - bursts)).toBeLessThan(5);
      // Packets of a burst are lost together, so that chance does more than to independent ones.
      expect(lost.tolerance).toBeGreaterThan(1.8 * 4 * Math.sqrt(2_000 * share * (1 - share)));
    }
  });

  test('duplicates multiply over the two directions; overtaking adds up', () => {
    const { duplicates } = expectedOf(profileOf({ duplicatePercent: 10 }, { duplicatePercent: 10 }), plan);
    // 1.1 · 1.1 - 1.
    expect(Math.abs(duplicates.expected - 420)).toBeLessThan(15);
    const { overtakes } = expectedOf(profileOf({ reorderPercent: 5 }), plan);
    // Of neighbours that both overtake, only the first does.
    expect(Math.abs(overtakes.expected - 95)).toBeLessThan(6);
  });

  test('is the same each time it is reckoned', () => {
    expect(expectedOf(profileOf({ gemodel }), plan)).toEqual(expectedOf(profileOf({ gemodel }), plan));
  });
});

describe('a train is judged', () => {
  const profile = profileOf({ gemodel });
  const { lost, lossBursts } = expectedOf(profile, plan);
  const seen = (change: object) => {
    const counts = {
      lost: Math.round(lost.expected),
      lossBursts: Math.round(lossBursts.expected),
      ...change,
    };
    return trainReasons(judgedTrain(profile, plan, probed(40, { samples: 2_000 - counts.lost, ...counts })));
  };

  test('as right where its counts are as expected', () => {
    expect(seen({})).toEqual([]);
    expect(seen({ lost: Math.floor(lost.expected + lost.tolerance) })).toEqual([]);
  });

  test.each([
    [{ lost: 0, lossBursts: 0 }, /^0 of 2000 probes were lost, expected 2[5-9]\d\.\d ± /],
    // As many, but each for itself.
    [{ lossBursts: 240 }, /^240 of 2000 bursts of loss were seen in them/],
    [{ duplicates: 3 }, /^3 of 2000 probes came twice, expected 0\.0 ± 1\.0/],
    [{ overtakes: 3 }, /^3 of 2000 probes overtook the one before them/],
  ])('as wrong with %j', (change, reason) => {
    expect(seen(change)[0]).toMatch(reason);
  });
});
