import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mostJitterMs, mostLossPercent } from '#harness/link-limits';
import { parseProfile } from '#harness/profiles';
import { observerPaceOf } from '#harness/run/observer-pace';
import { tcpBufferMaxBytesOf } from '#harness/run/transfer';
import { pingIntervalMaxMs } from '#harness/scenario/cross-checks';
import { jitterDistributionNames } from '#catalogue/jitter-distributions';
import { linkParameters } from '#catalogue/link-parameters';
import { medianRttMsOf, quantileMs } from '#harness/testbed/round-trips';
import { trainPlanOf } from '#harness/testbed/packet-train';
import { drainPlanOf, patientPlan, rttPlanOf, throughputPlanOf } from '#harness/testbed/probe-plan';
import {
  calmProfileOf,
  expectedGoodputMbps,
  exactRateMbps,
  fastLinkFloor,
  goodputReasons,
  isTcpBound,
  nextCorrectionMs,
  rttReasons,
  spreadReasons,
} from '#harness/testbed/tolerance';
import { netemArguments, splitterArguments } from '#hosts/wan/netem-stages';
import { tbfArguments } from '#hosts/wan/tc';
import { parseArgument } from '#proto/control-arguments';
import type { ControlMethod } from '#proto/control';
import { toErrorDocument } from '#proto/errors';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { returningShareOf, rttMsOf } from '#proto/link';
import { fuzz } from '#test/support/fuzz';

/** The limits of a figure, values just beyond them, and values in between. */
const figure = (least: number, most: number, ...special: number[]) =>
  fc.oneof(
    fc.constantFrom(least, most, least - 0.001, most * 1.001, ...special),
    fc.double({ min: least, max: most, noNaN: true }),
  );

const { pPercent, rPercent, badLossPercent, goodLossPercent } = linkParameters.gemodel.parts;
const part = ({ least, most }: { least: number; most: number }, ...special: number[]) =>
  figure(least, most, ...special);

/** What every direction has, and now and then one thing more. */
const direction = fc
  .record({
    rateMbps: figure(1, 100_000, 2, 10, 100, 1_000, exactRateMbps),
    delayMs: figure(0, 1_000, 0.1, 1, 20, 50, 300),
    jitterMs: figure(0, 1_000, 1, 5, 10, mostJitterMs, mostJitterMs + 1),
    lossPercent: figure(0, 50, 0.1, 1, 20, mostLossPercent, mostLossPercent + 1),
    bufferMs: figure(0.1, 10_000, 1, 5, 50),
  })
  .chain((all) =>
    fc
      .oneof(
        { weight: 2, arbitrary: fc.constant({}) },
        {
          weight: 1,
          arbitrary: fc.record({ jitterDistribution: fc.constantFrom(...jitterDistributionNames) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            lossPercent: fc.constant(0),
            gemodel: fc.record({
              pPercent: part(pPercent, 1, 5),
              rPercent: part(rPercent, 25, 50),
              badLossPercent: part(badLossPercent, 50),
              goodLossPercent: part(goodLossPercent, 1),
            }),
          }),
        },
        { weight: 1, arbitrary: fc.record({ duplicatePercent: figure(0, 50, 1) }) },
        { weight: 1, arbitrary: fc.record({ mtuBytes: fc.constantFrom(575, 576, 1400, 1500, 1501) }) },
        {
          weight: 1,
          arbitrary: fc.record({ reorderPercent: figure(0, 50, 1, 10), reorderGap: figure(1, 100, 5) }),
        },
      )
      .map((more): LinkDirection => ({ ...all, ...more })),
  );

const textOf = (sourceToDestination: LinkDirection, destinationToSource: LinkDirection): string =>
  JSON.stringify({ name: 'x', description: 'x', sourceToDestination, destinationToSource });

const minuteMs = 60_000;
const mostUint32 = 2 ** 32 - 1;
const inKernel = (args: readonly string[]): void => {
  for (const name of ['limit', 'burst']) {
    const at = args.indexOf(name);
    if (at < 0) continue;
    expect(Number(args[at + 1])).toBeGreaterThan(0);
    expect(Number(args[at + 1])).toBeLessThanOrEqual(mostUint32);
  }
};

const at = { address: '192.0.2.1', port: 1 };
/** The agents take no argument beyond their bounds. */
const accepted = (method: ControlMethod, argument: object): void => {
  expect(() => parseArgument(method, argument)).not.toThrow();
};

/** A link that is exactly as its profile says meets all requirements of calibration and instruments. */
const expectAnswerable = (profile: LinkProfile): void => {
  const rtt = rttPlanOf(profile);
  const wantedMs = medianRttMsOf(profile);
  expect(rtt.patienceMs).toBeGreaterThan(wantedMs);
  expect(rtt.count * rtt.intervalMs).toBeLessThan(minuteMs);
  accepted('probeRtt', { ...at, ...rtt });
  const samples = Math.round(rtt.count * returningShareOf(profile));
  expect(samples).toBeGreaterThanOrEqual(20);
  expect(rttReasons(profile, wantedMs, samples)).toEqual([]);
  const [p10Ms, p90Ms] = [0.1, 0.9].map((share) => quantileMs(profile, share)) as [number, number];
  expect(spreadReasons(profile, { p10Ms, p90Ms, samples }, { medianMs: 0, p90Ms: 0 })).toEqual([]);
  const train = trainPlanOf(profile);
  if (train !== null) {
    expect(train.count * train.intervalMs).toBeLessThan(minuteMs);
    accepted('probeRtt', { ...at, ...train });
  }
  // One and a half times the delay is another link, provided that exceeds noise and chance.
  expect(rttReasons(profile, 3 * wantedMs + 1, samples)).toHaveLength(1);
  const calm = calmProfileOf(profile) ?? profile;
  expect(nextCorrectionMs(calm, 0, rttMsOf(calm))).toBe(0);

  for (const one of [profile.sourceToDestination, profile.destinationToSource]) {
    const plan = patientPlan(throughputPlanOf(profile, one, 500), profile, 3);
    accepted('probeThroughput', { ...at, ...plan });
    expect(plan.patienceMs).toBeGreaterThan(plan.rampMs + plan.measureMs + wantedMs);
    const goodput = expectedGoodputMbps(one);
    expect(goodputReasons('there', profile, one, goodput)).toEqual([]);
    expect(goodputReasons('there', profile, one, 1.1 * goodput)).toHaveLength(1);
    const below = 0.9 * (one.rateMbps > exactRateMbps ? fastLinkFloor : 1) * goodput;
    expect(goodputReasons('there', profile, one, below)).toHaveLength(isTcpBound(profile, one) ? 0 : 1);
    inKernel(tbfArguments(one));
    inKernel(netemArguments(one));
    inKernel(splitterArguments(one));
  }
  expect(drainPlanOf(profile)?.patienceMs ?? 0).toBeLessThan(minuteMs);
  expect(tcpBufferMaxBytesOf(profile)).toBeLessThan(2 ** 31);
  const pace = observerPaceOf({ pingIntervalMs: 1 }, profile, minuteMs);
  expect(pace.intervalMs).toBeLessThanOrEqual(pingIntervalMaxMs);
  expect(pace.settleMs).toBeGreaterThan(wantedMs);
  accepted('stopPings', { settleMs: pace.settleMs });
};

describe('a link at the extremes of its ranges', () => {
  fuzz(
    'is refused with its place and reason, or everything that is asked of it can be met',
    fc.tuple(direction, direction),
    ([out, back]) => {
      let profile: LinkProfile;
      try {
        profile = parseProfile(textOf(out, back), 'x.yaml');
      } catch (error) {
        const { code, problems = [] } = toErrorDocument(error);
        expect(code).toBe('BAD_INPUT');
        expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems)
          expect(problem).toMatch(/(sourceToDestination|destinationToSource)(\.\w+)+: \S/);
        return;
      }
      expectAnswerable(profile);
    },
    { share: 0.5 },
  );

  const plain: LinkDirection = { rateMbps: 100, delayMs: 20, jitterMs: 0, lossPercent: 0, bufferMs: 40 };
  const bursts = { pPercent: 1, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 };
  const problemsOf = (change: Partial<LinkDirection>): readonly string[] => {
    try {
      parseProfile(textOf({ ...plain, ...change }, plain), 'x.yaml');
      return [];
    } catch (error) {
      return toErrorDocument(error).problems ?? [];
    }
  };

  test.each<[Partial<LinkDirection>, RegExp]>([
    [{ delayMs: 1, jitterMs: 5 }, /jitterMs: expected at most delayMs \(1\), got 5: .*before it was sent/],
    [{ delayMs: 900, jitterMs: 251 }, /jitterMs: expected ms from 0 to 250, got 251: /],
    [{ lossPercent: 31 }, /lossPercent: expected percent from 0 to 30, got 31: /],
    [{ jitterDistribution: 'pareto' }, /jitterDistribution: expected jitterMs above 0 with a distribution/],
    [{ lossPercent: 1, gemodel: bursts }, /gemodel: expected either lossPercent or gemodel, got the two/],
    [
      { gemodel: { ...bursts, pPercent: 50 } },
      /gemodel: expected a loss of up to 30 percent, got 66\.7 on average/,
    ],
    [{ gemodel: { ...bursts, badLossPercent: 0 } }, /gemodel: expected a loss in one of the states/],
    [
      { gemodel: { ...bursts, rPercent: 10 } },
      /gemodel: expected \(100 - rPercent\) .*got 90\.0: packets lost in a row/,
    ],
    [{ delayMs: 1, reorderPercent: 5 }, /reorderPercent: expected a delayMs of at least 2 with it, got 1/],
    [{ reorderGap: 5 }, /reorderGap: expected reorderPercent above 0/],
    [{ reorderCorrelationPercent: 50 }, /reorderCorrelationPercent: expected reorderPercent above 0/],
    [
      { rateMbps: 100_000, bufferMs: 10_000, delayMs: 1 },
      /bufferMs: expected at most 343 at 100000 Mb\/s, got 10000: /,
    ],
    [
      { rateMbps: 100_000, delayMs: 1_000 },
      /rateMbps: expected at most 8421 with a round trip of 1020 ms, got 100000: /,
    ],
  ])('%j is refused, and says why', (change, problem) => {
    expect(problemsOf(change)).toEqual([expect.stringMatching(problem)]);
  });

  test('an MTU is that of both directions', () => {
    expect(problemsOf({ mtuBytes: 1400 })).toEqual([
      expect.stringMatching(
        /destinationToSource\.mtuBytes: expected 1400 as in sourceToDestination, got none: /,
      ),
    ]);
  });

  test.each<[Partial<LinkDirection>]>([
    [{ jitterMs: 5 }],
    [{ delayMs: 50, jitterMs: 10 }],
    [{ delayMs: 5, jitterMs: 5 }],
    [{ delayMs: 1_000 }],
    [{ lossPercent: 20 }],
    [{ gemodel: bursts }],
    [{ jitterMs: 5, jitterDistribution: 'uniform' }],
    [{ duplicatePercent: 50 }],
    [{ reorderPercent: 50, reorderCorrelationPercent: 25, reorderGap: 10 }],
    [{ rateMbps: 1, bufferMs: 0.1 }],
    [{ rateMbps: 1, bufferMs: 10_000 }],
  ])('%j is accepted', (change) => {
    expect(problemsOf(change)).toEqual([]);
  });
});
